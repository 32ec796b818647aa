package io.foregate.bench;

import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.GgufWriter;
import io.foregate.quant.Quants;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A Mixtral-shaped model with random weights: it says nothing, and takes exactly the time that a
 * trained model of its shape takes. Routers, norms and the embedding are F32, F32 and Q8_0; all
 * other matrices have one type.
 *
 * @param width of the residual stream, {@code heads} times the size of a head
 * @param hidden width of an expert's hidden layer
 * @param used experts per token
 */
record SyntheticModel(
    GgmlType type,
    int layers,
    int width,
    int heads,
    int kvHeads,
    int hidden,
    int experts,
    int used,
    int vocabulary) {

  private static final int CONTEXT = 4096;

  /** SentencePiece's first tokens: unknown, begin, end, and the 256 bytes. */
  private static final int FIRST_WORD = 3 + 256;

  /** Distinct rows per matrix shape: drawing every weight anew would take minutes. */
  private static final int DISTINCT_ROWS = 64;

  /** 8 layers of 8 experts, 0.4 billion parameters: far more than any cache holds. */
  static SyntheticModel large(GgmlType type) {
    return new SyntheticModel(type, 8, 1024, 16, 4, 1792, 8, 2, 8192);
  }

  /** A few megabytes. */
  static SyntheticModel small(GgmlType type) {
    return new SyntheticModel(type, 2, 256, 4, 2, 256, 8, 2, 1024);
  }

  /** Writes the model; the same every time. */
  Path write(Path file) {
    var pools = new HashMap<String, MemorySegment>();
    var random = new Random(1);
    try (GgufWriter writer = GgufWriter.to(file)) {
      metadata(writer);
      var tensors = new Tensors(writer, random, pools);
      tensors.add("token_embd.weight", GgmlType.Q8_0, width, vocabulary);
      for (int i = 0; i < layers; i++) {
        layer(tensors, "blk." + i + ".");
      }
      tensors.norm("output_norm.weight", width);
      tensors.add("output.weight", type, width, vocabulary);
      writer.write();
    }
    return file;
  }

  private void layer(Tensors tensors, String prefix) {
    int kvSize = width / heads * kvHeads;
    tensors.norm(prefix + "attn_norm.weight", width);
    tensors.add(prefix + "attn_q.weight", type, width, width);
    tensors.add(prefix + "attn_k.weight", type, width, kvSize);
    tensors.add(prefix + "attn_v.weight", type, width, kvSize);
    tensors.add(prefix + "attn_output.weight", type, width, width);
    tensors.norm(prefix + "ffn_norm.weight", width);
    tensors.add(prefix + "ffn_gate_inp.weight", GgmlType.F32, width, experts);
    tensors.add(prefix + "ffn_gate_exps.weight", type, width, hidden, experts);
    tensors.add(prefix + "ffn_up_exps.weight", type, width, hidden, experts);
    tensors.add(prefix + "ffn_down_exps.weight", type, hidden, width, experts);
  }

  private void metadata(GgufWriter writer) {
    writer.metadata("general.architecture", new GgufValue.Str("llama"));
    String name = "synthetic %dx%d %s".formatted(experts, hidden, type);
    writer.metadata("general.name", new GgufValue.Str(name));
    Map<String, Integer> sizes =
        Map.of(
            "block_count", layers,
            "context_length", CONTEXT,
            "embedding_length", width,
            "feed_forward_length", hidden,
            "attention.head_count", heads,
            "attention.head_count_kv", kvHeads,
            "rope.dimension_count", width / heads,
            "expert_count", experts,
            "expert_used_count", used);
    sizes.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(e -> writer.metadata("llama." + e.getKey(), new GgufValue.U32(e.getValue())));
    writer.metadata("llama.attention.layer_norm_rms_epsilon", new GgufValue.F32(1e-5f));
    List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    var scores = new float[vocabulary];
    var types = new int[vocabulary];
    for (int i = 0; i < vocabulary; i++) {
      if (i >= FIRST_WORD) {
        tokens.add("word" + i);
      } else if (i >= 3) {
        tokens.add("<0x%02X>".formatted(i - 3));
      }
      scores[i] = -i;
      types[i] = i >= FIRST_WORD ? 1 : i >= 3 ? 6 : i == 0 ? 2 : 3; // llama.cpp's token types
    }
    writer.metadata("tokenizer.ggml.model", new GgufValue.Str("llama"));
    writer.metadata("tokenizer.ggml.tokens", GgufArray.ofStrings(tokens));
    writer.metadata("tokenizer.ggml.scores", GgufArray.ofFloats(scores));
    writer.metadata("tokenizer.ggml.token_type", GgufArray.ofInts(types));
    writer.metadata("tokenizer.ggml.bos_token_id", new GgufValue.U32(1));
    writer.metadata("tokenizer.ggml.eos_token_id", new GgufValue.U32(2));
  }

  /** Adds tensors of random rows, each picked from a pool of its type and length. */
  private record Tensors(GgufWriter writer, Random random, Map<String, MemorySegment> pools) {

    void norm(String name, int width) {
      var ones = new float[width];
      Arrays.fill(ones, 1);
      writer.tensor(name, GgmlType.F32, List.of((long) width), MemorySegment.ofArray(ones));
    }

    void add(String name, GgmlType type, int columns, int... rest) {
      List<Long> shape = new ArrayList<>(List.of((long) columns));
      int rows = 1;
      for (int n : rest) {
        shape.add((long) n);
        rows *= n;
      }
      MemorySegment pool = pools.computeIfAbsent(type + "/" + columns, _ -> pool(type, columns));
      int count = rows;
      long rowBytes = type.byteSize(columns);
      long seed = random.nextLong();
      writer.tensor(
          name,
          type,
          shape,
          out -> {
            var pick = new Random(seed);
            for (int i = 0; i < count; i++) {
              out.write(pool.asSlice(pick.nextInt(DISTINCT_ROWS) * rowBytes, rowBytes));
            }
          });
    }

    private MemorySegment pool(GgmlType type, int columns) {
      var weights = new float[DISTINCT_ROWS * columns];
      for (int i = 0; i < weights.length; i++) {
        weights[i] = (float) (random.nextGaussian() / Math.sqrt(columns));
      }
      var pool = MemorySegment.ofArray(new byte[Math.toIntExact(type.byteSize(weights.length))]);
      Quants.quantize(type, weights, 0, pool, 0, weights.length);
      return pool;
    }
  }
}
