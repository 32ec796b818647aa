package io.foregate.tornado.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.tornado.device.DeviceThread;
import io.foregate.tornado.device.TornadoSettings;
import io.foregate.tornado.weights.DenseArrays;
import io.foregate.tornado.weights.DenseWeights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is copied into a slot is there, and nowhere else. */
class SlotsTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");
  private static final int SLOTS = 6;

  /** Longer than the staging area, so that a record comes in several transfers. */
  private static final int SLOT_WORDS = (64 << 10) + 4096;

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

  private static MemorySegment record(Arena arena, int value) {
    MemorySegment record = arena.allocate(4L * SLOT_WORDS, 256);
    for (int i = 0; i < SLOT_WORDS; i++) {
      record.setAtIndex(ValueLayout.JAVA_INT, i, value);
    }
    return record;
  }

  @ParameterizedTest
  @EnumSource(
      value = CopyEngine.class,
      names = {"TRANSFERS", "SYNCHRONOUS"})
  void whoCopiesHasTheDevicesThread(CopyEngine engine) throws Exception {
    try (var compute = new DeviceThread("test-compute");
        var memory = CopyChoice.of(Optional.of(engine)).open(dense, SLOTS * SLOT_WORDS, compute);
        Arena arena = Arena.ofShared()) {
      var slots = new DeviceExperts(memory, SLOTS, 4L * SLOT_WORDS);
      var name = new AtomicReference<String>();
      slots
          .copying(
              "own",
              () -> {
                slots.copy(record(arena, 5), 1);
                name.set(Thread.currentThread().getName());
              })
          .get();
      assertThat(name).hasValue(engine.isBesideKernels() ? "foregate-device-copy" : "own");
      MemorySegment back = arena.allocate(4L * SLOT_WORDS, 256);
      slots.copyBack(1, back);
      assertThat(back.mismatch(record(arena, 5))).isEqualTo(-1);
      slots.close();
    }
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
