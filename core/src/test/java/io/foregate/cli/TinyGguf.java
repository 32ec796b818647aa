package io.foregate.cli;

import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.GgufWriter;
import io.foregate.quant.encode.ReferenceQuantizer;
import io.foregate.quant.format.Quants;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A random model of a few kilobytes that every command can open: two layers of width 32,
 * SentencePiece vocabulary with bytes. Sampling never ends its texts: the logit of the token that
 * would is 0, far below the 40 largest of several hundred.
 *
 * @param experts per layer, two of them used; 0 for a dense model
 * @param bytes whether the vocabulary has the 256 byte tokens
 * @param poisoned whether one weight is NaN
 * @param chatTemplate in Jinja; empty for none
 */
public record TinyGguf(
    String architecture,
    int experts,
    GgmlType expertType,
    boolean bytes,
    boolean poisoned,
    String chatTemplate) {

  public static final int CONTEXT = 256;
  static final int WIDTH = 32;
  static final int LAYERS = 2;

  /** The token that ends a text. */
  private static final int END = 2;

  private static final int HEADS = 2;
  private static final int HEAD_SIZE = WIDTH / HEADS;
  private static final List<String> PIECES =
      List.of("▁", "e", "t", "a", "o", "h", "▁t", "he", "▁the");

  /** A Mixture of Experts with four experts. */
  public static TinyGguf mixture() {
    return new TinyGguf("llama", 4, GgmlType.F32, true, false, "");
  }

  static TinyGguf dense() {
    return new TinyGguf("llama", 0, GgmlType.F32, true, false, "");
  }

  TinyGguf withArchitecture(String name) {
    return new TinyGguf(name, experts, expertType, bytes, poisoned, chatTemplate);
  }

  TinyGguf withExpertType(GgmlType type) {
    return new TinyGguf(architecture, experts, type, bytes, poisoned, chatTemplate);
  }

  TinyGguf withoutBytes() {
    return new TinyGguf(architecture, experts, expertType, false, poisoned, chatTemplate);
  }

  public TinyGguf withNaN() {
    return new TinyGguf(architecture, experts, expertType, bytes, true, chatTemplate);
  }

  public TinyGguf withChatTemplate(String jinja) {
    return new TinyGguf(architecture, experts, expertType, bytes, poisoned, jinja);
  }

  /** Writes the model and returns its path. */
  public Path write(Path file) {
    try (GgufWriter writer = GgufWriter.to(file)) {
      List<String> tokens = tokens();
      metadata(writer, tokens);
      var random = new Random(1);
      tensor(writer, random, "token_embd.weight", GgmlType.F32, WIDTH, tokens.size());
      for (int i = 0; i < LAYERS; i++) {
        layer(writer, random, "blk." + i + ".");
      }
      tensor(writer, random, "output_norm.weight", GgmlType.F32, WIDTH);
      tensor(writer, random, "output.weight", GgmlType.F32, WIDTH, tokens.size());
      writer.write();
    }
    return file;
  }

  /** Writes the model of another file again, with more metadata. */
  public static Path withMetadata(Path model, Path target, Map<String, GgufValue> more) {
    try (GgufFile file = GgufFile.open(model);
        GgufWriter writer = GgufWriter.to(target)) {
      writer.metadata(file.metadata());
      more.forEach(writer::metadata);
      file.tensors().forEach(t -> writer.tensor(t.name(), t.type(), t.shape(), file.data(t)));
      writer.write();
      return target;
    }
  }

  /** Bytes of a file's weights, which are its end. */
  static int dataBytes(Path file) {
    try (GgufFile gguf = GgufFile.open(file)) {
      return Math.toIntExact(gguf.fileSize() - gguf.dataOffset());
    }
  }

  private void layer(GgufWriter writer, Random random, String prefix) {
    tensor(writer, random, prefix + "attn_norm.weight", GgmlType.F32, WIDTH);
    tensor(writer, random, prefix + "attn_q.weight", GgmlType.F32, WIDTH, WIDTH);
    tensor(writer, random, prefix + "attn_k.weight", GgmlType.F32, WIDTH, HEAD_SIZE);
    tensor(writer, random, prefix + "attn_v.weight", GgmlType.F32, WIDTH, HEAD_SIZE);
    tensor(writer, random, prefix + "attn_output.weight", GgmlType.F32, WIDTH, WIDTH);
    tensor(writer, random, prefix + "ffn_norm.weight", GgmlType.F32, WIDTH);
    if (experts > 0) {
      tensor(writer, random, prefix + "ffn_gate_inp.weight", GgmlType.F32, WIDTH, experts);
      for (String matrix : List.of("gate", "up", "down")) {
        String name = prefix + "ffn_" + matrix + "_exps.weight";
        tensor(writer, random, name, expertType, WIDTH, WIDTH, experts);
      }
    } else {
      for (String matrix : List.of("gate", "up", "down")) {
        tensor(writer, random, prefix + "ffn_" + matrix + ".weight", GgmlType.F32, WIDTH, WIDTH);
      }
    }
  }

  private void tensor(GgufWriter writer, Random random, String name, GgmlType type, long... shape) {
    int elements = 1;
    List<Long> dimensions = new ArrayList<>();
    for (long n : shape) {
      elements *= (int) n;
      dimensions.add(n);
    }
    var weights = new float[elements];
    for (int i = 0; i < elements; i++) {
      weights[i] = shape.length == 1 ? 1 : (float) random.nextGaussian() / 4;
    }
    if (name.equals("output.weight")) {
      Arrays.fill(weights, END * WIDTH, (END + 1) * WIDTH, 0);
    }
    if (poisoned && name.contains("ffn_down")) {
      weights[elements / 2] = Float.NaN;
    }
    MemorySegment data = MemorySegment.ofArray(new byte[(int) type.byteSize(elements)]);
    if (Quants.writes(type)) {
      ReferenceQuantizer.quantize(type, weights, 0, data, 0, elements);
    }
    writer.tensor(name, type, dimensions, data);
  }

  private void metadata(GgufWriter writer, List<String> tokens) {
    writer.metadata("general.architecture", new GgufValue.Str(architecture));
    writer.metadata("general.name", new GgufValue.Str("tiny"));
    integer(writer, "block_count", LAYERS);
    integer(writer, "context_length", CONTEXT);
    integer(writer, "embedding_length", WIDTH);
    integer(writer, "feed_forward_length", WIDTH);
    integer(writer, "attention.head_count", HEADS);
    integer(writer, "attention.head_count_kv", 1);
    integer(writer, "rope.dimension_count", HEAD_SIZE);
    if (experts > 0) {
      integer(writer, "expert_count", experts);
      integer(writer, "expert_used_count", 2);
    }
    writer.metadata(architecture + ".attention.layer_norm_rms_epsilon", new GgufValue.F32(1e-5f));
    writer.metadata("tokenizer.ggml.model", new GgufValue.Str("llama"));
    writer.metadata("tokenizer.ggml.tokens", GgufArray.ofStrings(tokens));
    writer.metadata("tokenizer.ggml.scores", GgufArray.ofFloats(scores(tokens)));
    writer.metadata("tokenizer.ggml.token_type", GgufArray.ofInts(types(tokens)));
    writer.metadata("tokenizer.ggml.bos_token_id", new GgufValue.U32(1));
    writer.metadata("tokenizer.ggml.eos_token_id", new GgufValue.U32(END));
    if (!chatTemplate.isEmpty()) {
      writer.metadata("tokenizer.chat_template", new GgufValue.Str(chatTemplate));
    }
  }

  private void integer(GgufWriter writer, String key, int value) {
    writer.metadata(architecture + "." + key, new GgufValue.U32(value));
  }

  private List<String> tokens() {
    List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    for (int b = 0; bytes && b < 256; b++) {
      tokens.add("<0x%02X>".formatted(b));
    }
    tokens.addAll(PIECES);
    return tokens;
  }

  private static float[] scores(List<String> tokens) {
    var scores = new float[tokens.size()];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = -i;
    }
    return scores;
  }

  /** Types of tokens in llama.cpp's numbering: 1 normal, 2 unknown, 3 control, 6 byte. */
  private static int[] types(List<String> tokens) {
    var types = new int[tokens.size()];
    for (int i = 0; i < types.length; i++) {
      types[i] = i == 0 ? 2 : i < 3 ? 3 : tokens.get(i).startsWith("<0x") ? 6 : 1;
    }
    return types;
  }
}
