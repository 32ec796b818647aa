package io.foregate.cli;

import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.GgufWriter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A model that says the same in every turn, greedily: its layers add nothing, and its last matrix
 * maps each token of the script to the next, the last to the end of the text, and all other tokens
 * to the first.
 *
 * @param chatTemplate in Jinja
 * @param control whether the script's tokens are control tokens, which are not text
 * @param script what it says, token by token; each token once
 */
public record ScriptedGguf(String chatTemplate, boolean control, List<String> script) {
  private static final int WIDTH = 32;
  private static final int CONTEXT = 4096;
  private static final int END = 2;

  public static ScriptedGguf of(String chatTemplate, String... script) {
    return new ScriptedGguf(chatTemplate, false, List.of(script));
  }

  /** Writes the model and returns its path. */
  public Path write(Path file) {
    List<String> tokens = tokens();
    int first = tokens.size() - script.size();
    var random = new Random(1);
    var embedding = new float[tokens.size()][];
    var output = new float[tokens.size()][WIDTH];
    float[] other = vector(random);
    for (int id = 0; id < tokens.size(); id++) {
      embedding[id] = id < first ? other : vector(random);
    }
    output[first] = other;
    for (int id = first + 1; id < tokens.size(); id++) {
      output[id] = embedding[id - 1];
    }
    output[END] = embedding[tokens.size() - 1];
    try (GgufWriter writer = GgufWriter.to(file)) {
      metadata(writer, tokens, first);
      tensor(writer, "token_embd.weight", flat(embedding), WIDTH, tokens.size());
      for (String norm : List.of("attn_norm", "ffn_norm")) {
        tensor(writer, "blk.0." + norm + ".weight", new float[WIDTH], WIDTH);
      }
      for (String matrix :
          List.of("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")) {
        tensor(writer, "blk.0." + matrix + ".weight", new float[WIDTH * WIDTH], WIDTH, WIDTH);
      }
      var ones = new float[WIDTH];
      Arrays.fill(ones, 1);
      tensor(writer, "output_norm.weight", ones, WIDTH);
      tensor(writer, "output.weight", flat(output), WIDTH, tokens.size());
      writer.write();
    }
    return file;
  }

  private static float[] vector(Random random) {
    var vector = new float[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      vector[i] = (float) random.nextGaussian();
    }
    return vector;
  }

  private static float[] flat(float[][] rows) {
    var all = new float[rows.length * WIDTH];
    for (int row = 0; row < rows.length; row++) {
      System.arraycopy(rows[row], 0, all, row * WIDTH, WIDTH);
    }
    return all;
  }

  private static void tensor(GgufWriter writer, String name, float[] weights, long... shape) {
    MemorySegment data = MemorySegment.ofArray(new byte[4 * weights.length]);
    for (int i = 0; i < weights.length; i++) {
      data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i, weights[i]);
    }
    List<Long> dimensions = new ArrayList<>();
    for (long n : shape) {
      dimensions.add(n);
    }
    writer.tensor(name, GgmlType.F32, dimensions, data);
  }

  private List<String> tokens() {
    List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    for (int b = 0; b < 256; b++) {
      tokens.add("<0x%02X>".formatted(b));
    }
    tokens.addAll(script);
    return tokens;
  }

  private void metadata(GgufWriter writer, List<String> tokens, int first) {
    writer.metadata("general.architecture", new GgufValue.Str("llama"));
    writer.metadata("general.name", new GgufValue.Str("scripted"));
    integer(writer, "block_count", 1);
    integer(writer, "context_length", CONTEXT);
    integer(writer, "embedding_length", WIDTH);
    integer(writer, "feed_forward_length", WIDTH);
    integer(writer, "attention.head_count", 1);
    integer(writer, "attention.head_count_kv", 1);
    integer(writer, "rope.dimension_count", WIDTH);
    writer.metadata("llama.attention.layer_norm_rms_epsilon", new GgufValue.F32(1e-5f));
    writer.metadata("tokenizer.ggml.model", new GgufValue.Str("llama"));
    writer.metadata("tokenizer.ggml.tokens", GgufArray.ofStrings(tokens));
    writer.metadata("tokenizer.ggml.scores", GgufArray.ofFloats(new float[tokens.size()]));
    writer.metadata("tokenizer.ggml.token_type", GgufArray.ofInts(types(tokens.size(), first)));
    writer.metadata("tokenizer.ggml.bos_token_id", new GgufValue.U32(1));
    writer.metadata("tokenizer.ggml.eos_token_id", new GgufValue.U32(END));
    writer.metadata("tokenizer.chat_template", new GgufValue.Str(chatTemplate));
  }

  private static void integer(GgufWriter writer, String key, int value) {
    writer.metadata("llama." + key, new GgufValue.U32(value));
  }

  /** Types in llama.cpp's numbering: 2 unknown, 3 control, 4 user-defined, 6 byte. */
  private int[] types(int size, int first) {
    var types = new int[size];
    for (int id = 0; id < size; id++) {
      types[id] = id == 0 ? 2 : id < 3 ? 3 : id < first ? 6 : control ? 3 : 4;
    }
    return types;
  }
}
