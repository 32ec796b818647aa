package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foregate.backend.ExpertSlots;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.inspect.Inspection;
import io.foregate.inspect.ModelFile;
import io.foregate.inspect.VramFit;
import io.foregate.model.AttentionConfig;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.KvType;
import io.foregate.options.Link;
import io.foregate.placement.DeviceBudget;
import io.foregate.placement.ModelSizes;
import io.foregate.tornado.device.TornadoSettings;
import io.foregate.tornado.graph.CacheShape;
import io.foregate.tornado.select.DeviceTrial;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Devices that are too small, which is found before anything is claimed. */
class MemoryTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");
  private static final long MIB = 1L << 20;

  private static GgufFile file;
  private static ModelConfig config;
  private static ModelWeights weights;

  @BeforeAll
  static void readModel() {
    TornadoSettings.apply();
    file = GgufFile.open(DEMO);
    config = ModelConfigReader.read(file);
    weights = ModelReader.read(file, config);
  }

  @AfterAll
  static void close() {
    file.close();
  }

  @Test
  void tooLittleForTheWeightsOfEveryToken() {
    assertThatThrownBy(() -> new TornadoModel(config, weights, 2 * MIB, 2 * MIB))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("The device has 2.00 MiB")
        .hasMessageContaining("weights of every token");
  }

  /** More bytes than a long counts do not come out as few. */
  @Test
  void aCacheOfAbsurdManyBytesIsAbsurd() {
    var absurd =
        new ModelConfig(
            config.name(),
            config.family(),
            1 << 24,
            config.embedding(),
            AttentionConfig.of(1 << 20, 1 << 20, 8),
            config.feedForward(),
            config.moe(),
            config.vocabulary(),
            config.contextLength(),
            config.normEpsilon(),
            config.rope(),
            config.scales());
    assertThat(new CacheShape(Integer.MAX_VALUE, KvType.F32).bytes(absurd)).isGreaterThan(1L << 50);
  }

  @Test
  void tooLittleForTheSlots() {
    try (var model = new TornadoModel(config, weights, 10 * MIB, 10 * MIB)) {
      assertThatThrownBy(() -> model.newSlots(45, Link.DEFAULT))
          .isInstanceOfSatisfying(
              ForegateException.class, e -> assertThat(e.hint()).contains("slots N", "context"))
          .hasMessageContaining("45 experts in slots");
    }
  }

  /** A device whose driver refuses what it says it has. */
  private static TornadoModel refusing(int most, List<Integer> asked) {
    return new TornadoModel(
        config,
        weights,
        1,
        64 * MIB,
        64 * MIB,
        false,
        (copies, dense, words, compute) -> {
          asked.add(words);
          if (words > most) {
            throw new IllegalStateException("out of memory");
          }
          return copies.open(dense, words, compute);
        });
  }

  @Test
  void slotsAreFewerWhereTheDriverRefuses() {
    List<Integer> asked = new ArrayList<>();
    int slotWords;
    try (var model = refusing(Integer.MAX_VALUE, asked)) {
      slotWords = (int) (model.newSlots(1, Link.DEFAULT).slotBytes() / 4);
    }
    asked.clear();
    try (var model = refusing(20 * slotWords, asked)) {
      ExpertSlots slots = model.newSlots(48, 6, Link.DEFAULT);
      assertThat(slots.count()).isEqualTo(20); // after 48, 42, 36, 31, 27 and 23
      assertThat(asked).isSortedAccordingTo(Comparator.reverseOrder());
      assertThat(asked.getLast()).isEqualTo(slots.count() * slotWords);
    }
    try (var model = refusing(5 * slotWords, asked)) {
      assertThatThrownBy(() -> model.newSlots(48, 6, Link.DEFAULT))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("would not give memory for 6 experts")
          .hasMessageContaining("out of memory");
    }
  }

  @Test
  void noArrayIsLongEnough() {
    try (var model = new TornadoModel(config, weights, 100 * MIB, 5 * MIB)) {
      assertThatThrownBy(model::residentExperts)
          .isInstanceOfSatisfying(
              ForegateException.class, e -> assertThat(e.hint()).contains("At most 25 fit"))
          .hasMessageContaining("96 experts")
          .hasMessageContaining("no array beyond 5.00 MiB");
    }
  }

  @Test
  void tooLittleForTheContext() {
    try (var model = new TornadoModel(config, weights, 16 * MIB, 16 * MIB)) {
      assertThatThrownBy(() -> model.newSequence(1 << 20, KvType.F16))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("sessions, by their context");
    }
  }

  @Test
  void noArrayIsLongEnoughForTheCache() {
    try (var model = new TornadoModel(config, weights, 1000 * MIB, 20 * MIB)) {
      int fits = (int) (20 * MIB / new CacheShape(1, KvType.F16).bytes(config));
      model.requireRoom(1, fits, KvType.F16);
      for (Runnable tooLong :
          List.<Runnable>of(
              () -> model.requireRoom(1, fits, KvType.F32),
              () -> model.newSequence(fits + 1, KvType.F16))) {
        assertThatThrownBy(tooLong::run)
            .isInstanceOfSatisfying(
                ForegateException.class,
                e -> assertThat(e.hint()).contains("context", "KV cache F16"))
            .hasMessageContaining("no array beyond 20.00 MiB");
      }
    }
  }

  @Test
  void floatsInTheCacheLeaveLess() {
    try (var model = new TornadoModel(config, weights, 64 * MIB, 64 * MIB)) {
      long f16 = new CacheShape(512, KvType.F16).bytes(config);
      long left = model.memoryForExperts(512, KvType.F16).orElseThrow();
      assertThat(model.memoryForExperts(512, KvType.F32)).hasValue(left - f16);
    }
  }

  @Test
  void tooLittleForWhatAnEngineWillWant() {
    try (var model = new TornadoModel(config, weights, 16 * MIB, 16 * MIB)) {
      model.requireRoom(10, 512, KvType.F16);
      assertThatThrownBy(() -> model.requireRoom(96, 512, KvType.F16))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("96 experts");
      assertThatThrownBy(() -> model.requireRoom(10, 1 << 20, KvType.F16))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("sessions, by their context");
    }
  }

  @Test
  void expertsTakeWhatIsLeft() {
    try (var model = new TornadoModel(config, weights, 32 * MIB, 32 * MIB)) {
      long left = model.memoryForExperts(config.contextLength(), KvType.F16).orElseThrow();
      assertThat(left).isBetween(20 * MIB, 30 * MIB);
      model.newSequence(config.contextLength(), KvType.F16);
      assertThat(model.memoryForExperts(0, KvType.F16).orElseThrow()).isCloseTo(left, within(MIB));
    }
    try (var model = new TornadoModel(config, weights, 32 * MIB, 5 * MIB)) {
      assertThat(model.memoryForExperts(1, KvType.F16)).hasValue(5 * MIB);
    }
  }

  /**
   * What core's PlacementTest holds together: the same rule, of weights as they lie on the device.
   */
  @ParameterizedTest
  @ValueSource(longs = {11, 16, 20, 24, 32, 64})
  void asManyExpertsFitAsEverywhere(long mib) {
    long bytes = mib * MIB;
    int context = config.contextLength();
    try (var model = new TornadoModel(config, weights, bytes, bytes);
        ModelFile inspected = ModelFile.open(DEMO)) {
      long left = model.memoryForExperts(context, KvType.F16).orElseThrow();
      Inspection facts = inspected.inspect(context, KvType.F16);
      DeviceBudget expected =
          DeviceBudget.of(bytes, ModelSizes.of(config, facts.residentBytes()), context, KvType.F16);
      long expert = facts.experts().bytesEach();
      assertThat(left - expected.left()).as("bytes").isBetween(-expert, expert);
      long fits = Math.min(left / expert, facts.experts().count());
      assertThat(fits - VramFit.of(facts, bytes).expertSlots()).as("experts").isBetween(-1L, 1L);
      model.requireRoom((int) fits, context, KvType.F16);
      if (fits < facts.experts().count()) {
        assertThatThrownBy(() -> model.requireRoom((int) fits + 1, context, KvType.F16))
            .isInstanceOf(ForegateException.class)
            .hasMessageContaining("left to the driver");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"2MB, 2097152", "3GB, 3221225472", "1KB, 1024", "77B, 77", "77, 77"})
  void whatTornadoVmMayAllocateIsAllThatThereIs(String size, long bytes) {
    String before = System.getProperty("tornado.device.memory");
    System.setProperty("tornado.device.memory", size);
    try {
      assertThat(TornadoSettings.memoryLimit()).isEqualTo(bytes);
    } finally {
      System.setProperty("tornado.device.memory", before);
    }
  }

  @Test
  void aDeviceThatComputesPassesTheSelfTest() {
    assertThat(DeviceTrial.failure()).isEmpty();
  }

  /** The cache holds latents and the shared keys, once, as f16. */
  @Test
  void latentsAreAllThatIsKept() {
    TinyFamily tiny = TinyFamily.routed("deepseek2", 16);
    ModelConfig config = tiny.config();
    int kept = config.attention().latent().orElseThrow().rank() + config.rope().dimensions();
    assertThat(new CacheShape(64, KvType.F16).bytes(config))
        .isEqualTo(config.layers() * 64L * kept * 2);
    try (var model = new TornadoModel(config, tiny.weights(), 1L << 32, 1L << 32)) {
      long room =
          model.memoryForExperts(64, KvType.F16).orElseThrow()
              - model.memoryForExperts(128, KvType.F16).orElseThrow();
      assertThat(room)
          .isBetween(config.layers() * 64L * kept * 2, config.layers() * 64L * kept * 3);
    }
  }
}
