package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelConfigReader;
import io.foregate.model.ModelReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Slots under attack: one thread copies records into random slots, another runs kernels that read
 * random others, and no kernel may ever see a word that is not of the record that was published.
 *
 * <p>{@code -Dforegate.slots.reads=1000000} reads so many instead.
 */
class SlotsTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");
  private static final int SLOTS = 6;
  private static final int LANES = 32;
  private static final int READS = Integer.getInteger("foregate.slots.reads", 3000);

  /** Longer than the staging area, so that a record comes in several transfers. */
  private static final int SLOT_WORDS = (64 << 10) + 4096;

  private static final int FREE = 0;
  private static final int READ = 1;
  private static final int WRITTEN = 2;

  private static GgufFile file;
  private static DenseArrays dense;

  @BeforeAll
  static void readWeights() {
    TornadoSettings.apply();
    file = GgufFile.open(DEMO);
    ModelConfig config = ModelConfigReader.read(file);
    dense = DenseWeights.of(config, ModelReader.read(file, config)).arrays();
  }

  @AfterAll
  static void close() {
    file.close();
  }

  /** Counts the words of a slot that are not what they should be. */
  static void countStrangers(
      KernelContext context, IntArray step, IntArray pool, IntArray strangers) {
    int thread = context.globalIdx;
    int expected = step.get(1);
    int count = 0;
    for (int i = thread; i < step.get(2); i += context.globalGroupSizeX) {
      count += pool.get(step.get(0) + i) == expected ? 0 : 1;
    }
    strangers.set(thread, count);
  }

  /** A second plan over the same memory, as a sequence has one. */
  private static final class Reader {
    final IntArray step = new IntArray(3);
    final IntArray strangers = new IntArray(256);
    final GridScheduler grid = new GridScheduler();
    final TornadoExecutionPlan plan;

    Reader(DeviceMemory memory) {
      ImmutableTaskGraph read =
          new TaskGraph("read")
              .consumeFromDevice(memory.shared())
              .transferToDevice(DataTransferMode.EVERY_EXECUTION, step)
              .task(
                  "count",
                  SlotsTest::countStrangers,
                  new KernelContext(),
                  step,
                  memory.pool(),
                  strangers)
              .transferToHost(DataTransferMode.EVERY_EXECUTION, strangers)
              .persistOnDevice(memory.shared())
              .snapshot();
      memory.launch(grid);
      Launches.perThread(grid, "read.count", strangers.getSize(), LANES);
      plan = new TornadoExecutionPlan(memory.upload(), read);
      memory.exclusively(() -> plan.withGraph(0).withGridScheduler(grid).execute());
    }

    int strangers(int slot, int expected) {
      step.set(0, slot * SLOT_WORDS);
      step.set(1, expected);
      step.set(2, SLOT_WORDS);
      strangers.init(-1);
      plan.withGraph(1).withGridScheduler(grid).execute();
      int sum = 0;
      for (int i = 0; i < strangers.getSize(); i++) {
        sum += strangers.get(i);
      }
      return sum;
    }
  }

  @ParameterizedTest
  @EnumSource(value = CopyEngine.class, mode = EnumSource.Mode.EXCLUDE, names = "CUDA")
  void noReadIsTorn(CopyEngine engine) throws Exception {
    try (var compute = new DeviceThread("test-compute");
        var memory = CopyChoice.of(Optional.of(engine)).open(dense, SLOTS * SLOT_WORDS, compute)) {
      var slots = new DeviceExperts(memory, SLOTS, 4L * SLOT_WORDS);
      var state = new AtomicIntegerArray(SLOTS);
      var value = new AtomicIntegerArray(SLOTS);
      for (int slot = 0; slot < SLOTS; slot++) {
        value.set(slot, 1000 + slot);
        fill(slots, slot, 1000 + slot);
      }
      var reader = new Reader[1];
      compute.run(() -> reader[0] = new Reader(memory));
      var done = new boolean[1];
      var copies = new int[1];
      CompletableFuture<Void> writer =
          CompletableFuture.runAsync(() -> copies[0] = write(slots, state, value, done));
      var random = new Random(1);
      int strangers = 0;
      for (int i = 0; i < READS / (engine == CopyEngine.SYNCHRONOUS ? 10 : 1); i++) {
        int slot = claim(state, random, READ);
        compute.run(() -> reader[0].step.set(0, 0));
        var found = new int[1];
        compute.run(() -> found[0] = reader[0].strangers(slot, value.get(slot)));
        strangers += found[0];
        state.set(slot, FREE);
      }
      synchronized (done) {
        done[0] = true;
      }
      writer.get();
      assertThat(strangers).as("words of another record").isZero();
      assertThat(copies[0]).as("copies beside the reads").isPositive();
      compute.run(() -> assertThat(reader[0].strangers(0, value.get(0) + 1)).isPositive());
    }
  }

  private static int write(
      DeviceExperts slots, AtomicIntegerArray state, AtomicIntegerArray value, boolean[] done) {
    var random = new Random(2);
    int copies = 0;
    while (true) {
      synchronized (done) {
        if (done[0]) {
          return copies;
        }
      }
      int slot = claim(state, random, WRITTEN);
      int next = random.nextInt();
      fill(slots, slot, next);
      value.set(slot, next);
      state.set(slot, FREE);
      copies++;
    }
  }

  private static int claim(AtomicIntegerArray state, Random random, int as) {
    while (true) {
      int slot = random.nextInt(SLOTS);
      if (state.compareAndSet(slot, FREE, as)) {
        return slot;
      }
    }
  }

  private static void fill(DeviceExperts slots, int slot, int value) {
    try (Arena arena = Arena.ofShared()) {
      slots.copy(record(arena, value), slot);
    }
  }

  private static MemorySegment record(Arena arena, int value) {
    MemorySegment record = arena.allocate(4L * SLOT_WORDS, 256);
    for (int i = 0; i < SLOT_WORDS; i++) {
      record.setAtIndex(ValueLayout.JAVA_INT, i, value);
    }
    return record;
  }

  @ParameterizedTest
  @EnumSource(value = CopyEngine.class, mode = EnumSource.Mode.EXCLUDE, names = "CUDA")
  void partsGoWhereTheyBelongAndComeBack(CopyEngine engine) {
    try (var compute = new DeviceThread("test-compute");
        var memory = CopyChoice.of(Optional.of(engine)).open(dense, SLOTS * SLOT_WORDS, compute);
        Arena arena = Arena.ofShared()) {
      var slots = new DeviceExperts(memory, SLOTS, 4L * SLOT_WORDS);
      MemorySegment back = arena.allocate(4L * SLOT_WORDS, 256);
      slots.copy(record(arena, 7), 2);
      slots.copy(record(arena, 8), 3);
      slots.copy(record(arena, 9), 512, 1024, 2);
      slots.copyBack(2, back);
      for (int i = 0; i < SLOT_WORDS; i++) {
        int expected = i >= 128 && i < 384 ? 9 : 7;
        assertThat(back.getAtIndex(ValueLayout.JAVA_INT, i)).as("word %d", i).isEqualTo(expected);
      }
      slots.copyBack(3, back);
      assertThat(back.mismatch(record(arena, 8))).isEqualTo(-1);
      slots.close();
      assertThatThrownBy(() -> slots.copy(record(arena, 1), 0))
          .isInstanceOf(IllegalStateException.class);
    }
  }
}
