package io.foregate.schedule.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.backend.BackendModel;
import io.foregate.backend.cpu.CpuBackend;
import io.foregate.engine.experts.ExpertMovement;
import io.foregate.engine.experts.Offload;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.inspect.Inspection;
import io.foregate.inspect.ModelFile;
import io.foregate.inspect.TensorPart;
import io.foregate.inspect.VramFit;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.KvType;
import io.foregate.options.Offloading;
import io.foregate.oracle.TinyArchitecture;
import io.foregate.oracle.TinyArchitecture.Part;
import io.foregate.oracle.TinyDeepSeek;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import io.foregate.placement.DeviceBudget;
import io.foregate.placement.ModelSizes;
import io.foregate.store.layout.PackedLayers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code inspect --vram}, {@code --expert-slots auto} and the simulator give one answer to how many
 * of the demo model's experts fit a device. The fourth, TornadoVM's plan, is held to it by the
 * tornado module's MemoryTest.
 */
class PlacementTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");
  private static final int CONTEXT = 512;
  private static final long MIB = 1L << 20;

  /** The demo model as the simulator has models: of data sheets, not of files. */
  private static final ModelFacts FACTS =
      new ModelFacts(
          "demo",
          "Demo",
          12,
          256,
          8,
          2,
          32,
          256,
          8,
          2,
          4096,
          CONTEXT,
          GgmlType.Q8_0,
          Map.of("q8", GgmlType.Q8_0),
          List.of());

  private static final TinyModel WIDE_SHARED =
      TinyModel.mixture("qwen2moe", GgmlType.F32)
          .with(new TinyModel.FeedForward(GgmlType.F32, 32, 8, 2, GgmlType.F32))
          .with(
              TinyArchitecture.of(
                  "qwen2moe",
                  Part.QKV_BIAS,
                  Part.EXPERT_WIDTH,
                  Part.SHARED_EXPERT,
                  Part.SHARED_GATE));

  @TempDir private Path folder;

  private static DeviceFacts device(long bytes) {
    return new DeviceFacts(
        "device",
        "A device",
        bytes,
        100,
        new DeviceFacts.Pcie(4, 16, 16),
        new DeviceFacts.HostMemory("DDR4", 2, 3200),
        new DeviceFacts.Assumed(0.8, 10, 0.7, 0.7, 5, 7, 20),
        List.of());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 8, 10, 12, 16, 20, 24, 32, 20_000})
  void allGiveOneAnswer(long mib) {
    long bytes = mib * MIB;
    try (ModelFile file = ModelFile.open(DEMO);
        GgufFile gguf = GgufFile.open(DEMO)) {
      Inspection facts = file.inspect(CONTEXT, KvType.F16);
      DeviceBudget budget = inspectAndAutoAgree(facts, gguf, bytes);

      long dense = facts.residentBytes() + 12 * FACTS.gateBytes() + FACTS.headBytes();
      DeviceBudget simulated = budget.withDense(dense - normBytes(facts));
      assertThat(DeviceBudget.of(bytes, FACTS.sizes(), CONTEXT, KvType.F16))
          .as("the simulator's bytes: with gates, two tables of tokens, and without norms")
          .isEqualTo(simulated);
      Profile profile = ModelledProfile.of(device(bytes), FACTS, "q8");
      assertThat(profile.expertBytes()).isEqualTo(facts.experts().bytesEach());
      assertThat(profile.expertSlots())
          .as("the simulator")
          .isEqualTo(simulated.experts(facts.experts().bytesEach(), facts.experts().count()));
    }
  }

  /** Latent attention, a dense layer before the others, keys that rotate in part. */
  @ParameterizedTest
  @ValueSource(longs = {11, 12, 14, 16, 64})
  void soOfDeepSeek(long mib) throws IOException {
    inspectAndAutoAgree(TinyDeepSeek.lite("deepseek2", 3, Map.of()), mib * MIB);
  }

  /** A shared expert that is wider than all others that a token uses. */
  @ParameterizedTest
  @ValueSource(longs = {11, 12, 14, 16, 64})
  void soOfSharedExperts(long mib) throws IOException {
    inspectAndAutoAgree(WIDE_SHARED, mib * MIB);
  }

  private void inspectAndAutoAgree(TinyModel tiny, long bytes) throws IOException {
    Path path = TinyModelWriter.write(tiny, folder);
    try (ModelFile file = ModelFile.open(path);
        GgufFile gguf = GgufFile.open(path)) {
      inspectAndAutoAgree(file.inspect(CONTEXT, KvType.F16), gguf, bytes);
    }
  }

  /** Returns what they agree on. */
  private static DeviceBudget inspectAndAutoAgree(Inspection facts, GgufFile gguf, long bytes) {
    ModelConfig config = ModelConfigReader.read(gguf);
    VramFit fit = VramFit.of(facts, bytes);
    DeviceBudget budget =
        DeviceBudget.of(bytes, ModelSizes.of(config, facts.residentBytes()), CONTEXT, KvType.F16);
    assertThat(fit.restBytes()).as("inspect's bytes").isEqualTo(budget.left());
    if (fit.expertSlots() >= config.expertsUsed()) {
      assertThat(auto(gguf, config, budget.left())).as("auto").isEqualTo(fit.expertSlots());
    }
    return budget;
  }

  /** As the engine counts on a device that has so many bytes left. */
  private static int auto(GgufFile gguf, ModelConfig config, long left) {
    ModelWeights weights = ModelReader.read(gguf, config);
    try (BackendModel model = new CpuBackend().open(config, weights, 1)) {
      PackedLayers packed = PackedLayers.of(weights.layers(), model.expertLayout());
      ExpertMovement movement = ExpertMovement.of(Offloading.of("lookahead", "auto"));
      return Offload.slots(config, packed, model, Offload.fitting(movement, () -> left));
    }
  }

  private static long normBytes(Inspection facts) {
    return facts.parts().stream()
        .filter(part -> part.part() == TensorPart.NORM)
        .mapToLong(Inspection.Part::bytes)
        .sum();
  }
}
