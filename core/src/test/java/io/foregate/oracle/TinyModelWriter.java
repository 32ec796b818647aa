package io.foregate.oracle;

import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.GgufWriter;
import io.foregate.oracle.TinyModel.Attention;
import io.foregate.oracle.TinyModel.FeedForward;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Writes a {@link TinyModel} with random weights. Their sizes keep activations near one and spread
 * attention scores, router logits and output logits, so that a wrong head, expert, rotation or
 * scale moves the probabilities far more than the tolerance.
 */
public final class TinyModelWriter {
  private static final double UNIT = 1 / Math.sqrt(TinyModel.WIDTH);

  private final TinyModel model;
  private final Random random;
  private final RandomBlocks blocks;
  private final GgufWriter writer;

  private TinyModelWriter(TinyModel model, GgufWriter writer) {
    this.model = model;
    this.random = new Random(model.seed());
    this.blocks = new RandomBlocks(random);
    this.writer = writer;
  }

  /** Writes {@code NAME.gguf} into the folder, which is made if need be, and returns its path. */
  public static Path write(TinyModel model, Path folder) throws IOException {
    Files.createDirectories(folder);
    Path file = folder.resolve(model.name() + ".gguf");
    try (GgufWriter writer = GgufWriter.to(file)) {
      var tiny = new TinyModelWriter(model, writer);
      tiny.metadata();
      tiny.tensors();
      writer.write();
    }
    return file;
  }

  private void metadata() {
    Attention attention = model.attention();
    text("general.architecture", "llama");
    text("general.name", model.name());
    count("llama.context_length", TinyModel.CONTEXT);
    count("llama.embedding_length", TinyModel.WIDTH);
    count("llama.block_count", TinyModel.LAYERS);
    count("llama.feed_forward_length", model.feedForward().width());
    count("llama.attention.head_count", attention.heads());
    count("llama.attention.head_count_kv", attention.kvHeads());
    count("llama.attention.key_length", attention.headDim());
    count("llama.attention.value_length", attention.headDim());
    count("llama.rope.dimension_count", attention.headDim());
    count("llama.vocab_size", TinyVocabulary.SIZE);
    real("llama.attention.layer_norm_rms_epsilon", TinyModel.RMS_EPSILON);
    real("llama.rope.freq_base", model.rope().base());
    if (model.feedForward().hasExperts()) {
      count("llama.expert_count", model.feedForward().experts());
      count("llama.expert_used_count", model.feedForward().used());
    }
    text("tokenizer.ggml.model", "llama");
    writer
        .metadata("tokenizer.ggml.tokens", GgufArray.ofStrings(TinyVocabulary.tokens()))
        .metadata("tokenizer.ggml.scores", GgufArray.ofFloats(TinyVocabulary.scores()))
        .metadata("tokenizer.ggml.token_type", GgufArray.ofInts(TinyVocabulary.types()))
        .metadata("tokenizer.ggml.add_bos_token", new GgufValue.Bool(true));
    count("tokenizer.ggml.unknown_token_id", 0);
    count("tokenizer.ggml.bos_token_id", 1);
    count("tokenizer.ggml.eos_token_id", 2);
  }

  private void tensors() {
    double outputRms = logitsRms() * UNIT;
    // A tied embedding must be small: as the output matrix it is multiplied with unit activations.
    double embeddingRms = model.tiedOutput() ? outputRms : 1;
    matrix(
        "token_embd.weight", model.embedding(), embeddingRms, TinyModel.WIDTH, TinyVocabulary.SIZE);
    norm("output_norm.weight");
    if (!model.tiedOutput()) {
      matrix("output.weight", model.embedding(), outputRms, TinyModel.WIDTH, TinyVocabulary.SIZE);
    }
    if (model.rope().factors()) {
      vector("rope_freqs.weight", model.attention().headDim() / 2, 1, 8);
    }
    for (int layer = 0; layer < TinyModel.LAYERS; layer++) {
      String prefix = "blk.%d.".formatted(layer);
      attention(prefix);
      feedForward(prefix);
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
    Attention attention = model.attention();
    GgmlType type = attention.type();
    int queryWidth = attention.heads() * attention.headDim();
    int keyWidth = attention.kvHeads() * attention.headDim();
    norm(prefix + "attn_norm.weight");
    matrix(prefix + "attn_q.weight", type, 1.2 * UNIT, TinyModel.WIDTH, queryWidth);
    matrix(prefix + "attn_k.weight", type, 1.2 * UNIT, TinyModel.WIDTH, keyWidth);
    matrix(prefix + "attn_v.weight", type, UNIT, TinyModel.WIDTH, keyWidth);
    matrix(prefix + "attn_output.weight", type, UNIT, queryWidth, TinyModel.WIDTH);
  }

  private void feedForward(String prefix) {
    FeedForward feedForward = model.feedForward();
    GgmlType type = feedForward.type();
    int width = TinyModel.WIDTH;
    int inner = feedForward.width();
    norm(prefix + "ffn_norm.weight");
    if (!feedForward.hasExperts()) {
      matrix(prefix + "ffn_gate.weight", type, UNIT, width, inner);
      matrix(prefix + "ffn_up.weight", type, UNIT, width, inner);
      matrix(prefix + "ffn_down.weight", type, UNIT, inner, width);
      return;
    }
    int experts = feedForward.experts();
    matrix(prefix + "ffn_gate_inp.weight", feedForward.router(), 2 * UNIT, width, experts);
    matrix(prefix + "ffn_gate_exps.weight", type, UNIT, width, inner, experts);
    matrix(prefix + "ffn_up_exps.weight", type, UNIT, width, inner, experts);
    matrix(prefix + "ffn_down_exps.weight", type, UNIT, inner, width, experts);
  }

  private void norm(String name) {
    vector(name, TinyModel.WIDTH, 0.5, 1.5);
  }

  /** A vector of F32, evenly spread between two values. */
  private void vector(String name, int length, double least, double most) {
    ByteBuffer data = ByteBuffer.allocate(length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < length; i++) {
      data.putFloat((float) (least + (most - least) * random.nextDouble()));
    }
    writer.tensor(name, GgmlType.F32, List.of((long) length), MemorySegment.ofArray(data.array()));
  }

  private void matrix(String name, GgmlType type, double rms, int... shape) {
    List<Long> dimensions = Arrays.stream(shape).mapToObj(Long::valueOf).toList();
    int elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    writer.tensor(
        name, type, dimensions, MemorySegment.ofArray(blocks.weights(type, elements, rms)));
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
