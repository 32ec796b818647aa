package io.foregate.store;

import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.GgufWriter;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.model.weights.ExpertTensors;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.LayerWeights;
import io.foregate.model.weights.Matrix;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.HostStore;
import io.foregate.options.TierChoice;
import io.foregate.store.layout.ExpertLayout;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.ExpertWeights;
import io.foregate.store.layout.RowLayout;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** An open model whose layers have experts of different types, all weights random bytes. */
final class StoreModel implements AutoCloseable {
  static final int EXPERTS = 4;
  static final int EMBEDDING = 256;
  static final int FEED_FORWARD = 512;

  /** Types of gate, up and down per layer: records of different sizes. */
  private static final List<List<GgmlType>> LAYERS =
      List.of(
          List.of(GgmlType.Q4_K, GgmlType.Q4_K, GgmlType.Q6_K),
          List.of(GgmlType.Q2_K, GgmlType.Q3_K, GgmlType.Q4_K),
          List.of(GgmlType.Q8_0, GgmlType.Q8_0, GgmlType.Q8_0));

  final GgufFile file;
  final ModelWeights weights;

  private StoreModel(Path path) {
    this.file = GgufFile.open(path);
    this.weights = ModelReader.read(file, ModelConfigReader.read(file));
  }

  /** Writes and opens a model. */
  static StoreModel in(Path folder, long seed) {
    return in(folder, seed, EXPERTS);
  }

  /**
   * @param experts per layer; 0 for a dense model
   */
  static StoreModel in(Path folder, long seed, int experts) {
    Path path = folder.resolve("model.gguf");
    try (GgufWriter writer = GgufWriter.to(path)) {
      metadata(writer, experts);
      var random = new Random(seed);
      tensor(writer, random, "token_embd.weight", GgmlType.F16, EMBEDDING, 8);
      for (int layer = 0; layer < LAYERS.size(); layer++) {
        layer(writer, random, layer, experts);
      }
      tensor(writer, random, "output_norm.weight", GgmlType.F32, EMBEDDING);
      writer.write();
    }
    return new StoreModel(path);
  }

  private static void metadata(GgufWriter writer, int experts) {
    writer.metadata("general.architecture", new GgufValue.Str("llama"));
    integer(writer, "block_count", LAYERS.size());
    integer(writer, "context_length", 64);
    integer(writer, "embedding_length", EMBEDDING);
    integer(writer, "feed_forward_length", FEED_FORWARD);
    integer(writer, "attention.head_count", 4);
    integer(writer, "expert_count", experts);
    integer(writer, "expert_used_count", 2);
    writer.metadata("llama.attention.layer_norm_rms_epsilon", new GgufValue.F32(1e-5f));
  }

  private static void integer(GgufWriter writer, String key, int value) {
    writer.metadata("llama." + key, new GgufValue.U32(value));
  }

  private static void layer(GgufWriter writer, Random random, int layer, int experts) {
    String prefix = "blk." + layer + ".";
    for (String name : List.of("attn_q", "attn_k", "attn_v", "attn_output")) {
      tensor(writer, random, prefix + name + ".weight", GgmlType.F16, EMBEDDING, EMBEDDING);
    }
    tensor(writer, random, prefix + "attn_norm.weight", GgmlType.F32, EMBEDDING);
    tensor(writer, random, prefix + "ffn_norm.weight", GgmlType.F32, EMBEDDING);
    List<GgmlType> types = LAYERS.get(layer);
    if (experts == 0) {
      tensor(writer, random, prefix + "ffn_gate.weight", types.get(0), EMBEDDING, FEED_FORWARD);
      tensor(writer, random, prefix + "ffn_up.weight", types.get(1), EMBEDDING, FEED_FORWARD);
      tensor(writer, random, prefix + "ffn_down.weight", types.get(2), FEED_FORWARD, EMBEDDING);
      return;
    }
    long n = experts;
    tensor(writer, random, prefix + "ffn_gate_inp.weight", GgmlType.F32, EMBEDDING, n);
    tensor(
        writer, random, prefix + "ffn_gate_exps.weight", types.get(0), EMBEDDING, FEED_FORWARD, n);
    tensor(writer, random, prefix + "ffn_up_exps.weight", types.get(1), EMBEDDING, FEED_FORWARD, n);
    tensor(
        writer, random, prefix + "ffn_down_exps.weight", types.get(2), FEED_FORWARD, EMBEDDING, n);
  }

  private static void tensor(
      GgufWriter writer, Random random, String name, GgmlType type, long... shape) {
    long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    var bytes = new byte[Math.toIntExact(type.byteSize(elements))];
    random.nextBytes(bytes);
    List<Long> dimensions = Arrays.stream(shape).boxed().toList();
    writer.tensor(name, type, dimensions, MemorySegment.ofArray(bytes));
  }

  Path path() {
    return file.path();
  }

  /** Where the file tier keeps its records by default. */
  Path sidecar() {
    return file.path().resolveSibling("model.rows.experts");
  }

  int layers() {
    return LAYERS.size();
  }

  List<LayerWeights> layerWeights() {
    return weights.layers();
  }

  ExpertStore open(TierChoice tier) {
    return open(HostStore.auto().withTier(tier), BuildListener.NONE, Host.system());
  }

  ExpertStore open(HostStore options, BuildListener listener, Host host) {
    return open(new RowLayout(), options, listener, host);
  }

  ExpertStore open(ExpertLayout layout, HostStore options, BuildListener listener, Host host) {
    ExpertSource source = ExpertSource.of(this::path, weights.layers(), layout);
    return new StoreOpener(file, source, options, listener, host).open();
  }

  /** Whether a record in layout "rows" holds exactly an expert's matrices. */
  boolean isExpert(int layer, int expert, ExpertShape shape, MemorySegment record) {
    ExpertTensors tensors =
        ((FeedForward.Routed) weights.layers().get(layer).feedForward()).experts();
    ExpertWeights view = new RowLayout().view(shape, record);
    return same(tensors.gate().get(expert), view.gate())
        && same(tensors.up().get(expert), view.up())
        && same(tensors.down().get(expert), view.down());
  }

  private static boolean same(Matrix expected, Matrix found) {
    return expected.type() == found.type()
        && expected.rows() == found.rows()
        && expected.columns() == found.columns()
        && expected.data().mismatch(found.data()) == -1;
  }

  @Override
  public void close() {
    file.close();
  }
}
