package io.foregate.convert;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** A byte-level {@code tokenizer.json} of two special tokens, 256 bytes and a few merges. */
public final class TinyTokenizer {
  public static final String QWEN_SPLIT =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|"
          + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final JsonMapper JSON = new JsonMapper();
  private static final List<List<String>> MERGES =
      List.of(List.of("t", "h"), List.of("th", "e"), List.of("Ġ", "the"));

  private TinyTokenizer() {}

  public static ObjectNode json() {
    ObjectNode root = JSON.createObjectNode();
    ArrayNode added = root.putArray("added_tokens");
    List<String> tokens = tokens();
    for (int id = 0; id < 2; id++) {
      added.addObject().put("id", id).put("content", tokens.get(id)).put("special", true);
    }
    root.set("pre_tokenizer", split(QWEN_SPLIT));
    ObjectNode model = root.putObject("model").put("type", "BPE").put("byte_fallback", false);
    ObjectNode vocabulary = model.putObject("vocab");
    for (int id = 0; id < tokens.size(); id++) {
      vocabulary.put(tokens.get(id), id);
    }
    ArrayNode merges = model.putArray("merges");
    MERGES.forEach(pair -> merges.addArray().add(pair.get(0)).add(pair.get(1)));
    return root;
  }

  /** A pre-tokenizer of one expression, as transformers saves it. */
  public static ObjectNode split(String expression) {
    ObjectNode root = JSON.createObjectNode().put("type", "Sequence");
    ArrayNode steps = root.putArray("pretokenizers");
    ObjectNode step = steps.addObject().put("type", "Split").put("behavior", "Isolated");
    step.put("invert", false).putObject("pattern").put("Regex", expression);
    steps.addObject().put("type", "ByteLevel").put("use_regex", false);
    return root;
  }

  static List<String> tokens() {
    List<String> tokens = new ArrayList<>(List.of("<s>", "</s>"));
    int unprintable = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b > ' ' && b < 127) || (b > 160 && b != 173);
      tokens.add(Character.toString(printable ? b : unprintable++));
    }
    MERGES.forEach(pair -> tokens.add(String.join("", pair)));
    return tokens;
  }
}
