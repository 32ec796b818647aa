package io.foregate.bench.compare;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A dense Llama of random weights as a Hugging Face folder, in floats: what both Foregate and Jlama
 * can read. Takes exactly the time that a trained model of its shape takes.
 *
 * @param heads of queries
 * @param keys heads of keys and of values
 */
record DenseFolder(int layers, int width, int hidden, int heads, int keys, int vocabulary) {
  private static final JsonMapper JSON = new JsonMapper();
  private static final int CONTEXT = 4096;

  /** Distinct rows per length: drawing every weight anew would take minutes. */
  private static final int DISTINCT_ROWS = 64;

  /** Two special tokens, the 256 bytes, and what the merge makes. */
  private static final int FIRST_WORD = 2 + 256 + 1;

  private static final String SPLIT =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|"
          + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  /** 0.5 billion weights, 0.3 GB with 4 bits: far more than any cache holds. */
  static DenseFolder large() {
    return new DenseFolder(10, 2048, 5632, 32, 8, 8192);
  }

  /** A few megabytes. */
  static DenseFolder small() {
    return new DenseFolder(2, 512, 1024, 8, 4, 512);
  }

  /** Writes the folder; the same every time. */
  Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), config().toPrettyString());
    Files.writeString(folder.resolve("tokenizer.json"), tokenizer().toString());
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        JSON.createObjectNode().put("bos_token", "<s>").put("eos_token", "</s>").toString());
    Files.writeString(folder.resolve("README.md"), "Random weights.\n"); // Jlama wants one
    weights(folder.resolve("model.safetensors"));
    return folder;
  }

  private ObjectNode config() {
    ObjectNode config = JSON.createObjectNode();
    config.putArray("architectures").add("LlamaForCausalLM");
    return config
        .put("model_type", "llama")
        .put("vocab_size", vocabulary)
        .put("hidden_size", width)
        .put("num_hidden_layers", layers)
        .put("num_attention_heads", heads)
        .put("num_key_value_heads", keys)
        .put("max_position_embeddings", CONTEXT)
        .put("intermediate_size", hidden)
        .put("rms_norm_eps", 1e-5)
        .put("rope_theta", 10000.0)
        .put("hidden_act", "silu")
        .put("bos_token_id", 0)
        .put("eos_token_id", 1)
        .put("tie_word_embeddings", false);
  }

  private ObjectNode tokenizer() {
    ObjectNode root = JSON.createObjectNode();
    var added = root.putArray("added_tokens");
    added.addObject().put("id", 0).put("content", "<s>").put("special", true);
    added.addObject().put("id", 1).put("content", "</s>").put("special", true);
    ObjectNode pre = root.putObject("pre_tokenizer").put("type", "Sequence");
    var steps = pre.putArray("pretokenizers");
    ObjectNode split = steps.addObject().put("type", "Split").put("behavior", "Isolated");
    split.put("invert", false).putObject("pattern").put("Regex", SPLIT);
    steps.addObject().put("type", "ByteLevel").put("use_regex", false);
    ObjectNode model = root.putObject("model").put("type", "BPE").put("byte_fallback", false);
    ObjectNode words = model.putObject("vocab").put("<s>", 0).put("</s>", 1);
    int unprintable = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b > ' ' && b < 127) || (b > 160 && b != 173);
      words.put(Character.toString(printable ? b : unprintable++), 2 + b);
    }
    words.put("th", FIRST_WORD - 1);
    for (int i = FIRST_WORD; i < vocabulary; i++) {
      words.put("word" + i, i);
    }
    model.putArray("merges").add("t h"); // one at least, or it counts as incomplete
    return root;
  }

  /** Rows and columns by name, in the order of the file; vectors have no columns. */
  private Map<String, List<Integer>> tensors() {
    Map<String, List<Integer>> shapes = new LinkedHashMap<>();
    int kv = width / heads * keys;
    shapes.put("model.embed_tokens.weight", List.of(vocabulary, width));
    for (int i = 0; i < layers; i++) {
      String layer = "model.layers." + i + ".";
      shapes.put(layer + "input_layernorm.weight", List.of(width));
      shapes.put(layer + "self_attn.q_proj.weight", List.of(width, width));
      shapes.put(layer + "self_attn.k_proj.weight", List.of(kv, width));
      shapes.put(layer + "self_attn.v_proj.weight", List.of(kv, width));
      shapes.put(layer + "self_attn.o_proj.weight", List.of(width, width));
      shapes.put(layer + "post_attention_layernorm.weight", List.of(width));
      shapes.put(layer + "mlp.gate_proj.weight", List.of(hidden, width));
      shapes.put(layer + "mlp.up_proj.weight", List.of(hidden, width));
      shapes.put(layer + "mlp.down_proj.weight", List.of(width, hidden));
    }
    shapes.put("model.norm.weight", List.of(width));
    shapes.put("lm_head.weight", List.of(vocabulary, width));
    return shapes;
  }

  private static long bytes(List<Integer> shape) {
    return shape.stream().mapToLong(Integer::longValue).reduce(Float.BYTES, (a, b) -> a * b);
  }

  private void weights(Path file) throws IOException {
    Map<String, List<Integer>> tensors = tensors();
    ObjectNode header = JSON.createObjectNode();
    long at = 0;
    for (var tensor : tensors.entrySet()) {
      ObjectNode entry = header.putObject(tensor.getKey()).put("dtype", "F32");
      tensor.getValue().forEach(entry.putArray("shape")::add);
      long end = at + bytes(tensor.getValue());
      entry.putArray("data_offsets").add(at).add(end);
      at = end;
    }
    String text = header.toString();
    byte[] json = (text + " ".repeat(-text.length() & 7)).getBytes(StandardCharsets.US_ASCII);
    var random = new Random(1);
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write(
          ByteBuffer.allocate(Long.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(json.length)
              .array());
      out.write(json);
      for (List<Integer> shape : tensors.values()) {
        if (shape.size() == 1) {
          out.write(row(shape.getFirst(), 1, null));
        } else {
          matrix(shape.getFirst(), shape.getLast(), random.nextLong(), out);
        }
      }
    }
  }

  private static void matrix(int rows, int columns, long seed, OutputStream out)
      throws IOException {
    var random = new Random(seed);
    byte[][] pool = new byte[DISTINCT_ROWS][];
    for (int i = 0; i < DISTINCT_ROWS; i++) {
      pool[i] = row(columns, (float) (1 / Math.sqrt(columns)), random);
    }
    for (int i = 0; i < rows; i++) {
      out.write(pool[random.nextInt(DISTINCT_ROWS)]);
    }
  }

  /** A row of values of that size, random ones if there is what draws them. */
  private static byte[] row(int columns, float size, Random random) {
    ByteBuffer row = ByteBuffer.allocate(Float.BYTES * columns).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < columns; i++) {
      row.putFloat(random == null ? size : (float) (size * random.nextGaussian()));
    }
    return row.array();
  }
}
