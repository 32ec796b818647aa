package io.foregate.bench.measure;

import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.GgufWriter;
import io.foregate.quant.encode.ReferenceQuantizer;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A model of experts with random weights: it says nothing, and takes exactly the time that a
 * trained model of its shape takes. Routers, norms and the embedding are F32, F32 and Q8_0; all
 * other matrices have one type.
 *
 * @param width of the residual stream
 */
public record SyntheticModel(
    GgmlType type, int layers, int width, Heads heads, ExpertSizes experts, int vocabulary) {
  /**
   * Heads of a layer.
   *
   * @param keys heads of keys and of values, each for as many of the queries
   * @param size elements of a head
   */
  public record Heads(int queries, int keys, int size) {}

  /**
   * Experts of a layer.
   *
   * @param used per token
   * @param hidden width of an expert's hidden layer
   */
  public record ExpertSizes(int count, int used, int hidden) {}

  /** Room for 32,768 tokens and what is measured behind them. */
  private static final int CONTEXT = 65536;

  /** SentencePiece's first tokens: unknown, begin, end, and the 256 bytes. */
  private static final int FIRST_WORD = 3 + 256;

  /** Distinct rows per matrix shape: drawing every weight anew would take minutes. */
  private static final int DISTINCT_ROWS = 64;

  /** 8 layers of 8 experts, 0.4 billion parameters: far more than any cache holds. */
  public static SyntheticModel large(GgmlType type) {
    return new SyntheticModel(
        type, 8, 1024, new Heads(16, 4, 64), new ExpertSizes(8, 2, 1792), 8192);
  }

  /**
   * Two of the 32 layers of Mixtral 8x7B, in all its widths: 1.0 GB in Q2_K, 6.0 GB in F16. The
   * layers are as many in every type, so that speeds of types can be compared; half its vocabulary,
   * or the output matrix would be a sixth of what two layers read.
   */
  public static SyntheticModel mixtral(GgmlType type) {
    return new SyntheticModel(
        type, 2, 4096, new Heads(32, 8, 128), new ExpertSizes(8, 2, 14336), 16384);
  }

  /**
   * Five of the 48 layers of Qwen3-30B-A3B, in all its widths but the vocabulary's: 1.0 GB in Q2_K,
   * 6.3 GB in F16. The output matrix is less than a tenth of what a token reads, as it is there.
   */
  public static SyntheticModel fine(GgmlType type) {
    return new SyntheticModel(
        type, 5, 2048, new Heads(32, 4, 128), new ExpertSizes(128, 8, 768), 8192);
  }

  /** A few megabytes. */
  public static SyntheticModel small(GgmlType type) {
    return new SyntheticModel(type, 2, 256, new Heads(4, 2, 64), new ExpertSizes(8, 2, 256), 1024);
  }

  /** The same with other experts. */
  public SyntheticModel withExperts(ExpertSizes value) {
    return new SyntheticModel(type, layers, width, heads, value, vocabulary);
  }

  /** What it calls itself. */
  public String name() {
    return "synthetic %dx%d %s".formatted(experts.count(), experts.hidden(), type);
  }

  /** Writes the model; the same every time. */
  public Path write(Path file) {
    try (GgufWriter writer = GgufWriter.to(file)) {
      metadata(writer);
      tensors(writer);
      writer.write();
    }
    return file;
  }

  /** Bytes of its weights. */
  public long bytes() {
    try (GgufWriter writer = GgufWriter.to(Path.of("unwritten.gguf"))) {
      tensors(writer);
      return writer.tensors().stream().mapToLong(GgufTensor::byteSize).sum();
    }
  }

  private void tensors(GgufWriter writer) {
    var tensors = new Tensors(writer, new Random(1), new HashMap<>());
    tensors.add("token_embd.weight", GgmlType.Q8_0, width, vocabulary);
    for (int i = 0; i < layers; i++) {
      layer(tensors, "blk." + i + ".");
    }
    tensors.norm("output_norm.weight", width);
    tensors.add("output.weight", type, width, vocabulary);
  }

  private void layer(Tensors tensors, String prefix) {
    int querySize = heads.queries() * heads.size();
    int kvSize = heads.keys() * heads.size();
    tensors.norm(prefix + "attn_norm.weight", width);
    tensors.add(prefix + "attn_q.weight", type, width, querySize);
    tensors.add(prefix + "attn_k.weight", type, width, kvSize);
    tensors.add(prefix + "attn_v.weight", type, width, kvSize);
    tensors.add(prefix + "attn_output.weight", type, querySize, width);
    tensors.norm(prefix + "ffn_norm.weight", width);
    tensors.add(prefix + "ffn_gate_inp.weight", GgmlType.F32, width, experts.count());
    tensors.add(prefix + "ffn_gate_exps.weight", type, width, experts.hidden(), experts.count());
    tensors.add(prefix + "ffn_up_exps.weight", type, width, experts.hidden(), experts.count());
    tensors.add(prefix + "ffn_down_exps.weight", type, experts.hidden(), width, experts.count());
  }

  private void metadata(GgufWriter writer) {
    writer.metadata("general.architecture", new GgufValue.Str("llama"));
    writer.metadata("general.name", new GgufValue.Str(name()));
    Map<String, Integer> sizes =
        Map.ofEntries(
            Map.entry("block_count", layers),
            Map.entry("context_length", CONTEXT),
            Map.entry("embedding_length", width),
            Map.entry("feed_forward_length", experts.hidden()),
            Map.entry("attention.head_count", heads.queries()),
            Map.entry("attention.head_count_kv", heads.keys()),
            Map.entry("attention.key_length", heads.size()),
            Map.entry("attention.value_length", heads.size()),
            Map.entry("rope.dimension_count", heads.size()),
            Map.entry("expert_count", experts.count()),
            Map.entry("expert_used_count", experts.used()));
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
      int count = rows;
      long rowBytes = type.byteSize(columns);
      long seed = random.nextLong();
      writer.tensor(
          name,
          type,
          shape,
          out -> {
            MemorySegment pool = pool(type, columns);
            var pick = new Random(seed);
            for (int i = 0; i < count; i++) {
              out.write(pool.asSlice(pick.nextInt(DISTINCT_ROWS) * rowBytes, rowBytes));
            }
          });
    }

    private MemorySegment pool(GgmlType type, int columns) {
      return pools.computeIfAbsent(type + "/" + columns, _ -> drawn(type, columns));
    }

    private static MemorySegment drawn(GgmlType type, int columns) {
      var random = new Random(columns);
      var weights = new float[DISTINCT_ROWS * columns];
      for (int i = 0; i < weights.length; i++) {
        weights[i] = (float) (random.nextGaussian() / Math.sqrt(columns));
      }
      var pool = MemorySegment.ofArray(new byte[Math.toIntExact(type.byteSize(weights.length))]);
      ReferenceQuantizer.quantize(type, weights, 0, pool, 0, weights.length);
      return pool;
    }
  }
}
