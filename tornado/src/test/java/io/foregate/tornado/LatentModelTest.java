package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.backend.BackendModel;
import io.foregate.backend.cpu.CpuBackend;
import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.GgufWriter;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.KvType;
import io.foregate.options.ModelOptions;
import io.foregate.options.Offloading;
import io.foregate.tornado.device.TornadoSettings;
import io.foregate.tornado.kernels.TestMatrix;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A file as DeepSeek-V2-Lite's are: keys and values of latents in one tensor, a dense layer first,
 * shared experts, quantized weights. Its tokens are the demo model's.
 */
class LatentModelTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");
  private static final String TEXT = "And it came to pass in those days, that the king said unto";
  private static final int WIDTH = 128;
  private static final int HIDDEN = 64;
  private static final int LAYERS = 3;
  private static final int HEADS = 4;
  private static final int RANK = 96;
  private static final int KEY = 24;
  private static final int ROTATED = 16;
  private static final int VALUE = 32;
  private static final int EXPERTS = 8;

  @TempDir static Path folder;
  private static Path model;

  @BeforeAll
  static void writeModel() {
    TornadoSettings.apply();
    model = folder.resolve("latent.gguf");
    try (GgufFile demo = GgufFile.open(DEMO);
        GgufWriter writer = GgufWriter.to(model)) {
      Map<String, GgufValue> all = demo.metadata().asMap();
      all.forEach(
          (key, value) -> {
            if (key.startsWith("tokenizer.")) {
              writer.metadata(key, value);
            }
          });
      writer.metadata("general.architecture", new GgufValue.Str("deepseek2"));
      sizes().forEach((key, v) -> writer.metadata("deepseek2." + key, new GgufValue.U32(v)));
      writer.metadata("deepseek2.attention.layer_norm_rms_epsilon", new GgufValue.F32(1e-5f));
      int vocabulary = demo.metadata().strings("tokenizer.ggml.tokens").size();
      new Tensors(writer).write(vocabulary);
      writer.write();
    }
  }

  private static Map<String, Integer> sizes() {
    return Map.ofEntries(
        Map.entry("block_count", LAYERS),
        Map.entry("embedding_length", WIDTH),
        Map.entry("feed_forward_length", 2 * HIDDEN),
        Map.entry("context_length", 128),
        Map.entry("attention.head_count", HEADS),
        Map.entry("attention.head_count_kv", HEADS),
        Map.entry("attention.key_length", KEY + ROTATED),
        Map.entry("attention.value_length", VALUE),
        Map.entry("attention.kv_lora_rank", RANK),
        Map.entry("rope.dimension_count", ROTATED),
        Map.entry("expert_count", EXPERTS),
        Map.entry("expert_used_count", 3),
        Map.entry("expert_feed_forward_length", HIDDEN),
        Map.entry("expert_shared_count", 2),
        Map.entry("leading_dense_block_count", 1));
  }

  /** Random ones. */
  private record Tensors(GgufWriter writer, Random random) {
    Tensors(GgufWriter writer) {
      this(writer, new Random(23));
    }

    void write(int vocabulary) {
      add("token_embd", GgmlType.Q8_0, WIDTH, vocabulary);
      norm("output_norm", WIDTH);
      add("output", GgmlType.Q8_0, WIDTH, vocabulary);
      for (int layer = 0; layer < LAYERS; layer++) {
        String prefix = "blk." + layer + ".";
        norm(prefix + "attn_norm", WIDTH);
        add(prefix + "attn_q", GgmlType.Q8_0, WIDTH, HEADS * (KEY + ROTATED));
        add(prefix + "attn_kv_a_mqa", GgmlType.Q8_0, WIDTH, RANK + ROTATED);
        norm(prefix + "attn_kv_a_norm", RANK);
        add(prefix + "attn_kv_b", GgmlType.Q4_0, RANK, HEADS * (KEY + VALUE));
        add(prefix + "attn_output", GgmlType.Q8_0, HEADS * VALUE, WIDTH);
        norm(prefix + "ffn_norm", WIDTH);
        if (layer == 0) {
          network(prefix, "", 2 * HIDDEN);
        } else {
          add(prefix + "ffn_gate_inp", GgmlType.F32, WIDTH, EXPERTS);
          network(prefix, "_exps", HIDDEN, EXPERTS);
          network(prefix, "_shexp", 2 * HIDDEN);
        }
      }
    }

    private void network(String prefix, String suffix, int hidden, int... experts) {
      add(prefix + "ffn_gate" + suffix, GgmlType.Q4_0, WIDTH, hidden, experts);
      add(prefix + "ffn_up" + suffix, GgmlType.Q4_0, WIDTH, hidden, experts);
      add(prefix + "ffn_down" + suffix, GgmlType.Q8_0, hidden, WIDTH, experts);
    }

    private void norm(String name, int size) {
      add(name, GgmlType.F32, size, 1);
    }

    private void add(String name, GgmlType type, int columns, int rows, int... experts) {
      List<Long> shape = new ArrayList<>(List.of((long) columns));
      if (rows > 1) {
        shape.add((long) rows);
      }
      int all = rows;
      for (int count : experts) {
        shape.add((long) count);
        all *= count;
      }
      float scale = rows > 1 ? (float) (1.5 / Math.sqrt(columns)) : 1;
      var matrix = TestMatrix.random(type, all, columns, scale, random).matrix();
      writer.tensor(name + ".weight", type, shape, matrix.data());
    }
  }

  @Test
  void computesWhatTheProcessorComputes() {
    try (Engine engine = Engine.open(model, ModelOptions.defaults().withContext(80))) {
      ModelWeights exact = ExactWeights.of(engine.weights());
      var run = new TeacherForced(engine.config(), exact, 72, KvType.F32, 1e-4);
      try (BackendModel cpu = new CpuBackend().open(engine.config(), exact, 2)) {
        run.record(cpu);
      }
      try (var device = new TornadoModel(engine.config(), engine.weights(), 1L << 32, 1L << 32)) {
        assertThat(run.error(device, 1)).as("alone").isLessThan(1e-4);
        assertThat(run.error(device, 64)).as("in batches").isLessThan(1e-4);
      }
    }
  }

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({"on-demand, 3", "lru, 50%", "mixtral-offloading, 50%", "lookahead, 50%"})
  void noPolicyChangesABit(String policy, String slots) {
    List<float[]> expected = logits(Offloading.resident());
    List<float[]> found = logits(Offloading.of(policy, slots));
    for (int i = 0; i < expected.size(); i++) {
      assertThat(found.get(i)).as("logits %d", i).containsExactly(expected.get(i));
    }
  }

  /** After a batch, and after each token behind it. */
  private static List<float[]> logits(Offloading experts) {
    var options =
        ModelOptions.defaults().withBackend("tornado").withContext(64).withOffloading(experts);
    List<float[]> all = new ArrayList<>();
    try (Engine engine = Engine.open(model, options);
        Session session = engine.newSession()) {
      int[] tokens = engine.tokenizer().encode(TEXT, true, false);
      int batch = tokens.length / 2;
      session.feed(tokens, 0, batch);
      all.add(session.logits().clone());
      for (int i = batch; i < tokens.length; i++) {
        session.feed(tokens, i, i + 1);
        all.add(session.logits().clone());
      }
    }
    return all;
  }
}
