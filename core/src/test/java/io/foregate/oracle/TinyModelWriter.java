package io.foregate.oracle;

import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.GgufWriter;
import io.foregate.oracle.TinyArchitecture.Part;
import io.foregate.oracle.TinyModel.Attention;
import io.foregate.oracle.TinyModel.FeedForward;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Writes a {@link TinyModel} with random weights. Their sizes keep activations near one and spread
 * attention scores, router logits and output logits, so that a wrong head, expert, rotation or
 * scale moves the probabilities far more than the tolerance.
 */
public final class TinyModelWriter {
  private static final double UNIT = 1 / Math.sqrt(TinyModel.WIDTH);

  /** The token that ends a text. */
  private static final int END = 2;

  private final TinyModel model;
  private final boolean ends;
  private final Random random;
  private final RandomBlocks blocks;
  private final GgufWriter writer;

  private TinyModelWriter(TinyModel model, boolean ends, GgufWriter writer) {
    this.model = model;
    this.ends = ends;
    this.random = new Random(model.seed());
    this.blocks = new RandomBlocks(random);
    this.writer = writer;
  }

  /** Writes {@code NAME.gguf} into the folder, which is made if need be, and returns its path. */
  public static Path write(TinyModel model, Path folder) throws IOException {
    return write(model, true, folder);
  }

  /**
   * The same; no text ends but by its length: the logit of the token that ends texts is 0, far
   * below the highest, whatever the order of sums on a machine.
   */
  public static Path writeEndless(TinyModel model, Path folder) throws IOException {
    return write(model, false, folder);
  }

  private static Path write(TinyModel model, boolean ends, Path folder) throws IOException {
    Files.createDirectories(folder);
    Path file = folder.resolve(model.name() + ".gguf");
    try (GgufWriter writer = GgufWriter.to(file)) {
      var tiny = new TinyModelWriter(model, ends, writer);
      tiny.metadata();
      tiny.tensors();
      writer.write();
    }
    return file;
  }

  private void metadata() {
    Attention attention = model.attention();
    String prefix = model.architecture().name() + ".";
    text("general.architecture", model.architecture().name());
    text("general.name", model.name());
    count(prefix + "context_length", TinyModel.CONTEXT);
    count(prefix + "embedding_length", TinyModel.WIDTH);
    boolean predicts = model.architecture().has(Part.PREDICTING_LAYER);
    count(prefix + "block_count", model.architecture().layers() + (predicts ? 1 : 0));
    if (predicts) {
      count(prefix + "nextn_predict_layers", 1);
    }
    boolean ownWidth = model.architecture().has(Part.EXPERT_WIDTH);
    count(prefix + "feed_forward_length", model.feedForward().width() * (ownWidth ? 2 : 1));
    heads(attention).forEach((name, value) -> count(prefix + name, value));
    count(prefix + "vocab_size", TinyVocabulary.SIZE);
    real(prefix + "attention.layer_norm_rms_epsilon", TinyModel.RMS_EPSILON);
    real(prefix + "rope.freq_base", model.rope().base());
    if (model.feedForward().hasExperts()) {
      count(prefix + "expert_count", model.feedForward().experts());
      count(prefix + "expert_used_count", model.feedForward().used());
    }
    if (ownWidth) {
      count(prefix + "expert_feed_forward_length", model.feedForward().width());
    }
    if (model.architecture().has(Part.SHARED_EXPERT)) {
      count(prefix + "expert_shared_feed_forward_length", TinyArchitecture.SHARED_WIDTH);
    }
    new TreeMap<>(model.architecture().metadata())
        .forEach((name, value) -> writer.metadata(prefix + name, value));
    text("tokenizer.ggml.model", "llama");
    writer
        .metadata("tokenizer.ggml.tokens", GgufArray.ofStrings(TinyVocabulary.tokens()))
        .metadata("tokenizer.ggml.scores", GgufArray.ofFloats(TinyVocabulary.scores()))
        .metadata("tokenizer.ggml.token_type", GgufArray.ofInts(TinyVocabulary.types()))
        .metadata("tokenizer.ggml.add_bos_token", new GgufValue.Bool(true));
    count("tokenizer.ggml.unknown_token_id", 0);
    count("tokenizer.ggml.bos_token_id", 1);
    count("tokenizer.ggml.eos_token_id", END);
  }

  private Map<String, Integer> heads(Attention attention) {
    if (model.architecture().latent().isPresent()) {
      return model.architecture().latent().get().metadata(attention.heads());
    }
    var all = new LinkedHashMap<String, Integer>();
    all.put("attention.head_count", attention.heads());
    all.put("attention.head_count_kv", attention.kvHeads());
    all.put("attention.key_length", attention.headDim());
    all.put("attention.value_length", attention.headDim());
    all.put("rope.dimension_count", attention.headDim());
    if (model.architecture().delta().isPresent()) {
      all.put("rope.dimension_count", TinyDelta.ROTATED);
      all.putAll(model.architecture().delta().get().metadata());
    }
    return all;
  }

  private void tensors() {
    double outputRms = logitsRms() * UNIT;
    // A tied embedding must be small: as the output matrix it is multiplied with unit activations.
    double embeddingRms = model.tiedOutput() ? outputRms : 1;
    matrix(
        "token_embd.weight", model.embedding(), embeddingRms, TinyModel.WIDTH, TinyVocabulary.SIZE);
    norm("output_norm");
    if (!model.tiedOutput()) {
      matrix("output.weight", model.embedding(), outputRms, TinyModel.WIDTH, TinyVocabulary.SIZE);
    }
    if (model.architecture().has(Part.LOGITS_BIAS)) {
      vector("output.bias", -1, 1, TinyVocabulary.SIZE);
    }
    if (model.rope().factors()) {
      vector("rope_freqs.weight", 1, 8, model.attention().headDim() / 2);
    }
    if (model.architecture().has(Part.LONG_ROPE)) {
      vector("rope_factors_short.weight", 1, 2, model.attention().headDim() / 2);
      vector("rope_factors_long.weight", 1, 8, model.attention().headDim() / 2);
    }
    for (int layer = 0; layer < model.architecture().layers(); layer++) {
      String prefix = "blk.%d.".formatted(layer);
      if (model.architecture().hasAttention(layer)) {
        attention(prefix);
      } else {
        deltaNet(prefix, model.architecture().delta().orElseThrow());
      }
      feedForward(layer, prefix);
    }
    if (model.architecture().has(Part.PREDICTING_LAYER)) {
      predictingLayer("blk.%d.".formatted(model.architecture().layers()));
    }
  }

  /**
   * The larger the logits, the more a probability moves by an error. Quantized weights' activations
   * are rounded to 8 bits, and a rounding that falls the other way is no error: so these get
   * smaller logits, and the exact types, which show an error in the architecture best, get large
   * ones.
   */
  private double logitsRms() {
    return switch (model.precision()) {
      case FLOAT -> 3;
      case BFLOAT -> 2;
      case QUANTIZED, QUANTIZED_DEEP -> 1;
    };
  }

  private void attention(String prefix) {
    if (model.architecture().latent().isPresent()) {
      latentAttention(prefix, model.architecture().latent().get());
      return;
    }
    Attention attention = model.attention();
    GgmlType type = attention.type();
    int queryWidth = attention.heads() * attention.headDim();
    int keyWidth = attention.kvHeads() * attention.headDim();
    norm(prefix + "attn_norm");
    int gated = model.architecture().has(Part.OUTPUT_GATE) ? 2 : 1;
    matrix(prefix + "attn_q.weight", type, 1.2 * UNIT, TinyModel.WIDTH, gated * queryWidth);
    matrix(prefix + "attn_k.weight", type, 1.2 * UNIT, TinyModel.WIDTH, keyWidth);
    matrix(prefix + "attn_v.weight", type, UNIT, TinyModel.WIDTH, keyWidth);
    matrix(prefix + "attn_output.weight", type, outputRms(), queryWidth, TinyModel.WIDTH);
    attentionParts(prefix, queryWidth, keyWidth);
  }

  /** Gates halve what attention adds, which a test of coarse probabilities would not see. */
  private double outputRms() {
    boolean exact = model.precision() == Precision.FLOAT;
    return model.architecture().has(Part.OUTPUT_GATE) && !exact ? 3 * UNIT : UNIT;
  }

  private void deltaNet(String prefix, TinyDelta delta) {
    GgmlType type = model.attention().type();
    int width = TinyModel.WIDTH;
    int heads = TinyDelta.VALUE_HEADS;
    norm(prefix + "attn_norm");
    if (delta.groupedInputs()) {
      int rows = TinyDelta.CHANNELS + TinyDelta.VALUES;
      matrix(prefix + "ssm_in.weight", type, UNIT, width, rows);
    } else {
      matrix(prefix + "attn_qkv.weight", type, UNIT, width, TinyDelta.CHANNELS);
      matrix(prefix + "attn_gate.weight", type, UNIT, width, TinyDelta.VALUES);
    }
    if (delta.groupedRates()) {
      matrix(prefix + "ssm_ba.weight", type, UNIT, width, 2 * heads);
    } else {
      matrix(prefix + "ssm_beta.weight", type, UNIT, width, heads);
      matrix(prefix + "ssm_alpha.weight", type, UNIT, width, heads);
    }
    vector(prefix + "ssm_conv1d.weight", -1, 1, TinyDelta.KERNEL, TinyDelta.CHANNELS);
    vector(prefix + "ssm_a", -1, -0.01, heads);
    vector(prefix + "ssm_dt.bias", -3, 1, heads);
    vector(prefix + "ssm_norm.weight", 0.5, 1.5, TinyDelta.HEAD);
    double rms = 2 / Math.sqrt(TinyDelta.VALUES);
    matrix(prefix + "ssm_out.weight", type, rms, TinyDelta.VALUES, width);
  }

  /** Of no effect, but llama.cpp looks for it. */
  private void predictingLayer(String prefix) {
    GgmlType type = model.attention().type();
    int width = TinyModel.WIDTH;
    attention(prefix);
    feedForward(model.architecture().layers(), prefix);
    matrix(prefix + "nextn.eh_proj.weight", type, UNIT, 2 * width, width);
    norm(prefix + "nextn.enorm");
    norm(prefix + "nextn.hnorm");
    norm(prefix + "nextn.shared_head_norm");
  }

  private void latentAttention(String prefix, TinyLatent latent) {
    GgmlType type = model.attention().type();
    int heads = model.attention().heads();
    int width = TinyModel.WIDTH;
    int rank = TinyLatent.RANK;
    int queryWidth = heads * TinyLatent.QUERY;
    int queryRank = latent.queryRank();
    norm(prefix + "attn_norm");
    if (queryRank > 0) {
      matrix(prefix + "attn_q_a.weight", type, UNIT, width, queryRank);
      vector(prefix + "attn_q_a_norm.weight", 0.5, 1.5, queryRank);
      matrix(prefix + "attn_q_b.weight", type, 1.2 / Math.sqrt(queryRank), queryRank, queryWidth);
    } else {
      matrix(prefix + "attn_q.weight", type, 1.2 * UNIT, width, queryWidth);
    }
    matrix(prefix + "attn_kv_a_mqa.weight", type, UNIT, width, rank + TinyLatent.ROTATED);
    vector(prefix + "attn_kv_a_norm.weight", 0.5, 1.5, rank);
    double rms = 1.2 / Math.sqrt(rank);
    if (latent.split()) {
      matrix(prefix + "attn_k_b.weight", type, rms, TinyLatent.KEY, rank, heads);
      matrix(prefix + "attn_v_b.weight", type, rms, rank, TinyLatent.VALUE, heads);
    } else {
      int rows = heads * (TinyLatent.KEY + TinyLatent.VALUE);
      matrix(prefix + "attn_kv_b.weight", type, rms, rank, rows);
    }
    matrix(prefix + "attn_output.weight", type, UNIT, heads * TinyLatent.VALUE, width);
  }

  private void attentionParts(String prefix, int queryWidth, int keyWidth) {
    TinyArchitecture architecture = model.architecture();
    if (architecture.has(Part.QKV_BIAS)) {
      vector(prefix + "attn_q.bias", -1, 1, queryWidth);
      vector(prefix + "attn_k.bias", -1, 1, keyWidth);
      vector(prefix + "attn_v.bias", -1, 1, keyWidth);
    }
    if (architecture.has(Part.ATTENTION_OUTPUT_BIAS)) {
      vector(prefix + "attn_output.bias", -1, 1, TinyModel.WIDTH);
    }
    if (architecture.has(Part.HEAD_NORM)) {
      vector(prefix + "attn_q_norm.weight", 0.5, 1.5, model.attention().headDim());
      vector(prefix + "attn_k_norm.weight", 0.5, 1.5, model.attention().headDim());
    }
    if (architecture.has(Part.WIDTH_NORM)) {
      vector(prefix + "attn_q_norm.weight", 0.5, 1.5, queryWidth);
      vector(prefix + "attn_k_norm.weight", 0.5, 1.5, keyWidth);
    }
    if (architecture.has(Part.SINKS)) {
      vector(prefix + "attn_sinks.weight", -1, 3, model.attention().heads());
    }
  }

  private void feedForward(int layer, String prefix) {
    FeedForward feedForward = model.feedForward();
    GgmlType type = feedForward.type();
    int width = TinyModel.WIDTH;
    int inner = feedForward.width();
    norm(
        prefix
            + (model.architecture().has(Part.POST_ATTENTION_NORM)
                ? "post_attention_norm"
                : "ffn_norm"));
    if (!feedForward.hasExperts()) {
      dense(prefix, "", inner);
      return;
    }
    if (layer == 0 && model.architecture().has(Part.LEADING_DENSE)) {
      dense(prefix, "", 2 * inner);
      return;
    }
    int experts = feedForward.experts();
    matrix(prefix + "ffn_gate_inp.weight", feedForward.router(), 2 * UNIT, width, experts);
    if (model.architecture().has(Part.FUSED_GATE_UP)) {
      matrix(prefix + "ffn_gate_up_exps.weight", type, UNIT, width, 2 * inner, experts);
    } else {
      experts(prefix + "ffn_gate", width, inner);
      experts(prefix + "ffn_up", width, inner);
    }
    experts(prefix + "ffn_down", inner, width);
    expertParts(prefix, inner, experts);
  }

  private void experts(String name, int columns, int rows) {
    FeedForward feedForward = model.feedForward();
    if (!model.architecture().has(Part.SEPARATE_EXPERTS)) {
      matrix(name + "_exps.weight", feedForward.type(), UNIT, columns, rows, feedForward.experts());
      return;
    }
    for (int e = 0; e < feedForward.experts(); e++) {
      matrix(name + "." + e + ".weight", feedForward.type(), UNIT, columns, rows);
    }
  }

  private void expertParts(String prefix, int inner, int experts) {
    TinyArchitecture architecture = model.architecture();
    int width = TinyModel.WIDTH;
    int shared = TinyArchitecture.SHARED_WIDTH;
    if (architecture.has(Part.EXPERT_BIAS)) {
      vector(prefix + "ffn_gate_inp.bias", -1.0, 1.0, experts);
      vector(prefix + "ffn_gate_exps.bias", -1.0, 1.0, inner, experts);
      vector(prefix + "ffn_up_exps.bias", -1.0, 1.0, inner, experts);
      vector(prefix + "ffn_down_exps.bias", -1.0, 1.0, width, experts);
    }
    if (architecture.has(Part.SHARED_GATE)) {
      vector(prefix + "ffn_gate_inp_shexp.weight", -4 * UNIT, 4 * UNIT, width);
    }
    if (architecture.has(Part.SHARED_EXPERT)) {
      dense(prefix, "_shexp", shared);
    }
    if (architecture.has(Part.SHARED_EXPERTS)) {
      dense(prefix, "_shexp", TinyArchitecture.SHARED_COUNT * inner);
    }
    if (architecture.has(Part.SELECTION_BIAS)) {
      vector(prefix + "exp_probs_b.bias", -0.5, 0.5, experts);
    }
  }

  private void dense(String prefix, String suffix, int hidden) {
    GgmlType type = model.feedForward().type();
    int width = TinyModel.WIDTH;
    matrix(prefix + "ffn_gate" + suffix + ".weight", type, UNIT, width, hidden);
    matrix(prefix + "ffn_up" + suffix + ".weight", type, UNIT, width, hidden);
    matrix(prefix + "ffn_down" + suffix + ".weight", type, UNIT, hidden, width);
  }

  private void norm(String name) {
    vector(name + ".weight", 0.5, 1.5, TinyModel.WIDTH);
    if (model.architecture().has(Part.NORM_BIAS)) {
      vector(name + ".bias", -1, 1, TinyModel.WIDTH);
    }
  }

  /** Vectors of F32, evenly spread between two values. */
  private void vector(String name, double least, double most, int... shape) {
    int elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    ByteBuffer data = ByteBuffer.allocate(elements * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < elements; i++) {
      data.putFloat((float) (least + (most - least) * random.nextDouble()));
    }
    List<Long> dimensions = Arrays.stream(shape).mapToObj(Long::valueOf).toList();
    writer.tensor(name, GgmlType.F32, dimensions, MemorySegment.ofArray(data.array()));
  }

  private void matrix(String name, GgmlType type, double rms, int... shape) {
    List<Long> dimensions = Arrays.stream(shape).mapToObj(Long::valueOf).toList();
    int elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    MemorySegment weights = MemorySegment.ofArray(blocks.weights(type, elements, rms));
    if (!ends && name.equals("output.weight")) {
      long row = type.byteSize(shape[0]);
      weights.asSlice(END * row, row).fill((byte) 0);
    }
    writer.tensor(name, type, dimensions, weights);
  }

  private void text(String key, String value) {
    writer.metadata(key, new GgufValue.Str(value));
  }

  private void count(String key, int value) {
    writer.metadata(key, new GgufValue.U32(value));
  }

  private void real(String key, float value) {
    writer.metadata(key, new GgufValue.F32(value));
  }
}
