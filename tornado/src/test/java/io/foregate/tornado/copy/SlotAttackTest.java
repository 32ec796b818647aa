package io.foregate.tornado.copy;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.tornado.FoundReport;
import io.foregate.tornado.device.DeviceThread;
import io.foregate.tornado.device.Launches;
import io.foregate.tornado.device.TornadoSettings;
import io.foregate.tornado.weights.DenseArrays;
import io.foregate.tornado.weights.DenseWeights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
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
 * Slots under attack: one thread copies records over random slots, another launches kernels whose
 * work groups each read a random other one, and none may ever see a word that is not of the record
 * that was published. A launch makes many reads, and copies go on beside it.
 *
 * <p>{@code -Dforegate.slots.reads=2000000} makes so many reads per copy engine, {@code
 * -Dforegate.slots.words=8192} of shorter records; {@code -Dforegate.report=FOLDER} writes the
 * counts.
 */
class SlotAttackTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");
  private static final int SLOTS = 12;
  private static final int LANES = 32;
  private static final int READS_PER_LAUNCH = 256;
  private static final int READS = Integer.getInteger("foregate.slots.reads", 40_000);

  /** By default longer than the staging area, so that a record comes in several transfers. */
  private static final int SLOT_WORDS =
      Integer.getInteger("foregate.slots.words", (64 << 10) + 4096);

  /** A reader and a writer on one thread wait for each other all the time. */
  private static final int SYNCHRONOUS_SHARE = 10;

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

  /**
   * Counts the words of slots that are not what they should be, a slot per group.
   *
   * @param checks {@code [0]}: words of a slot; then, per group, its first word and what it holds
   * @param strangers one count per thread
   */
  static void countStrangers(
      KernelContext context, IntArray checks, IntArray pool, IntArray strangers) {
    int group = context.groupIdx;
    int first = checks.get(1 + 2 * group);
    int expected = checks.get(2 + 2 * group);
    int count = 0;
    for (int i = context.localIdx; i < checks.get(0); i += context.localGroupSizeX) {
      count += pool.get(first + i) == expected ? 0 : 1;
    }
    strangers.set(context.globalIdx, count);
  }

  /** A second plan over the same memory, as a sequence has one. */
  private static final class Reader {
    final IntArray checks = new IntArray(1 + 2 * READS_PER_LAUNCH);
    final IntArray strangers = new IntArray(READS_PER_LAUNCH * LANES);
    final GridScheduler grid = new GridScheduler();
    final TornadoExecutionPlan plan;

    Reader(DeviceMemory memory) {
      ImmutableTaskGraph read =
          new TaskGraph("read")
              .consumeFromDevice(memory.shared())
              .transferToDevice(DataTransferMode.EVERY_EXECUTION, checks)
              .task(
                  "count",
                  SlotAttackTest::countStrangers,
                  new KernelContext(),
                  checks,
                  memory.pool(),
                  strangers)
              .transferToHost(DataTransferMode.EVERY_EXECUTION, strangers)
              .persistOnDevice(memory.shared())
              .snapshot();
      memory.launch(grid);
      Launches.groups(grid, "read.count", READS_PER_LAUNCH, LANES);
      plan = new TornadoExecutionPlan(memory.upload(), read);
      memory.exclusively(() -> plan.withGraph(0).withGridScheduler(grid).execute());
    }

    void expect(int group, int slot, int value) {
      checks.set(0, SLOT_WORDS);
      checks.set(1 + 2 * group, slot * SLOT_WORDS);
      checks.set(2 + 2 * group, value);
    }

    long strangers() {
      strangers.init(-1);
      plan.withGraph(1).withGridScheduler(grid).execute();
      long sum = 0;
      for (int i = 0; i < strangers.getSize(); i++) {
        assertThat(strangers.get(i)).as("count of thread %d", i).isNotNegative();
        sum += strangers.get(i);
      }
      return sum;
    }
  }

  /** Who has which slot, and what is in it. */
  private static final class Board {
    final AtomicIntegerArray state = new AtomicIntegerArray(SLOTS);
    final AtomicIntegerArray value = new AtomicIntegerArray(SLOTS);

    boolean claim(int slot, int as) {
      return state.compareAndSet(slot, FREE, as);
    }

    void release(int slot) {
      state.set(slot, FREE);
    }

    /** Claims some slots for a launch, never all: the writer must find one. */
    int claim(Random random, int[] slots) {
      int count = 0;
      while (count == 0) {
        for (int slot = 0; slot < SLOTS; slot++) {
          if (random.nextBoolean() && count < SLOTS - 2 && claim(slot, READ)) {
            slots[count++] = slot;
          }
        }
      }
      return count;
    }
  }

  @ParameterizedTest
  @EnumSource(CopyEngine.class)
  void noReadIsTorn(CopyEngine engine) throws Exception {
    int reads = engine == CopyEngine.SYNCHRONOUS ? READS / SYNCHRONOUS_SHARE : READS;
    int launches = Math.ceilDiv(reads, READS_PER_LAUNCH);
    try (var compute = new DeviceThread("test-compute");
        DeviceMemory memory = open(engine, compute)) {
      var slots = new DeviceExperts(memory, SLOTS, 4L * SLOT_WORDS);
      var board = new Board();
      for (int slot = 0; slot < SLOTS; slot++) {
        fill(slots, board, slot, 1000 + slot);
      }
      var reader = new Reader[1];
      compute.run(() -> reader[0] = new Reader(memory));
      var done = new AtomicBoolean();
      var writer = CompletableFuture.supplyAsync(() -> write(slots, board, done));
      long strangers = 0;
      try {
        strangers = read(compute, reader[0], board, launches);
      } finally {
        done.set(true);
      }
      int copies = writer.get();
      report(engine, launches, copies, strangers);
      assertThat(strangers).as("words of another record").isZero();
      assertThat(copies).as("copies beside the reads").isPositive();
      for (int group = 0; group < READS_PER_LAUNCH; group++) { // would it be seen?
        reader[0].expect(group, 0, board.value.get(0) + (group == 7 ? 1 : 0));
      }
      compute.run(() -> assertThat(reader[0].strangers()).isEqualTo(SLOT_WORDS));
    }
  }

  /** Skips the test where the device has no such engine: only CUDA's may be missing. */
  private static DeviceMemory open(CopyEngine engine, DeviceThread compute) {
    try {
      return CopyChoice.of(Optional.of(engine)).open(dense, SLOTS * SLOT_WORDS, compute);
    } catch (ForegateException e) {
      if (engine != CopyEngine.CUDA) {
        throw e;
      }
      return Assumptions.abort(e.getMessage());
    }
  }

  private static long read(DeviceThread compute, Reader reader, Board board, int launches) {
    var random = new Random(1);
    int[] claimed = new int[SLOTS];
    long[] strangers = new long[1];
    for (int launch = 0; launch < launches; launch++) {
      int count = board.claim(random, claimed);
      for (int group = 0; group < READS_PER_LAUNCH; group++) {
        int slot = claimed[random.nextInt(count)];
        reader.expect(group, slot, board.value.get(slot));
      }
      compute.run(() -> strangers[0] += reader.strangers());
      for (int i = 0; i < count; i++) {
        board.release(claimed[i]);
      }
    }
    return strangers[0];
  }

  private static int write(DeviceExperts slots, Board board, AtomicBoolean done) {
    var random = new Random(2);
    int copies = 0;
    while (!done.get()) {
      int slot = random.nextInt(SLOTS);
      if (board.claim(slot, WRITTEN)) {
        fill(slots, board, slot, random.nextInt());
        board.release(slot);
        copies++;
      }
    }
    return copies;
  }

  private static void fill(DeviceExperts slots, Board board, int slot, int value) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment record = arena.allocate(4L * SLOT_WORDS, 256);
      for (int i = 0; i < SLOT_WORDS; i++) {
        record.setAtIndex(ValueLayout.JAVA_INT, i, value);
      }
      slots.copy(record, slot);
    }
    board.value.set(slot, value);
  }

  private static void report(CopyEngine engine, int launches, int copies, long strangers) {
    String name = engine.name().toLowerCase(Locale.ROOT);
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("reads", (long) launches * READS_PER_LAUNCH);
    found.put("launches", launches);
    found.put("copies_beside_them", copies);
    found.put("copied_bytes", 4L * SLOT_WORDS * copies);
    found.put("words_of_another_record", strangers);
    FoundReport.write(
        "slots-" + name,
        "slots under attack: kernels read records while others are copied",
        Map.of("copy_engine", name, "slots", SLOTS, "words_of_a_record", SLOT_WORDS),
        found);
  }
}
