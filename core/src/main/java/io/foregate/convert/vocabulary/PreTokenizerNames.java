package io.foregate.convert.vocabulary;

import com.fasterxml.jackson.databind.JsonNode;
import io.foregate.error.ForegateException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Finds the name ({@code tokenizer.ggml.pre}) of how a byte-level tokenizer splits text before it
 * merges, by what {@code tokenizer.json} does: the expressions, step by step. llama.cpp's converter
 * tells the same by the tokens of a test text.
 */
final class PreTokenizerNames {
  private static final String SUFFIX = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
  private static final String WORD = "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|";
  private static final String SYMBOLS = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*";
  private static final String SPACES = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String START = "[^\\r\\n\\p{L}\\p{N}]?";
  private static final String REST = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" + SPACES;

  private static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
  private static final String LLAMA3 = SUFFIX + WORD + "\\p{N}{1,3}" + SYMBOLS + SPACES;
  private static final String QWEN2 = SUFFIX + WORD + "\\p{N}" + SYMBOLS + SPACES;
  private static final String QWEN35 =
      SUFFIX
          + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*"
          + SPACES;
  private static final String O200K =
      START
          + UPPER
          + "*"
          + LOWER
          + "+"
          + SUFFIX
          + "?|"
          + START
          + UPPER
          + "+"
          + LOWER
          + "*"
          + SUFFIX
          + "?|\\p{N}{1,3}"
          + REST;
  private static final String TEKKEN =
      START + UPPER + "*" + LOWER + "+|" + START + UPPER + "+" + LOWER + "*|\\p{N}" + REST;

  private static final String ONE_DIGIT = "digits";

  /** Stands for DeepSeek's list of all cased letters, known by how it begins. */
  private static final String CASED = "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳ";

  /** Steps by name; where two names split alike, the one whose readers do the same besides. */
  private static final Map<List<String>, String> BY_STEPS =
      Map.ofEntries(
          Map.entry(List.of(GPT2), "gpt-2"),
          Map.entry(List.of(ONE_DIGIT, GPT2), "refact"),
          Map.entry(List.of(LLAMA3), "dbrx"),
          Map.entry(List.of(QWEN2), "qwen2"),
          Map.entry(List.of(QWEN35), "qwen35"),
          Map.entry(List.of(O200K), "gpt-4o"),
          Map.entry(List.of(TEKKEN), "tekken"),
          Map.entry(
              List.of(
                  "[\r\n]", CASED, "\\s?[!-/:-~！-／：-～‘-‟　-。]+", "\\s+$", "[一-龥ࠀ-一가-퟿]+", ONE_DIGIT),
              "deepseek-llm"),
          Map.entry(
              List.of(
                  "\\p{N}{1,3}",
                  "[一-龥぀-ゟ゠-ヿ]+",
                  "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
                      + "|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*"
                      + SPACES.replace("\\r\\n", "\r\n")),
              "deepseek-v3"));

  private PreTokenizerNames() {}

  /**
   * The name.
   *
   * @param file for messages
   * @param tokenizer the root of {@code tokenizer.json}
   * @throws ForegateException if no name is known for what it does
   */
  static String of(Path file, JsonNode tokenizer) {
    List<String> steps = new ArrayList<>();
    collect(file, tokenizer.path("pre_tokenizer"), steps);
    String name = BY_STEPS.get(steps);
    if (name == null) {
      throw new ForegateException(
          "%s: no name is known for a pre-tokenizer that splits by %s"
              .formatted(file, shortened(String.join("  then  ", steps))),
          "If you know its name in llama.cpp, give it as the [[pre tokenizer]].");
    }
    // Llama 3 takes words that are tokens as they are, whatever the merges say.
    boolean wholeWords = tokenizer.at("/model/ignore_merges").asBoolean();
    return name.equals("dbrx") && wholeWords ? "llama-bpe" : name;
  }

  private static void collect(Path file, JsonNode node, List<String> steps) {
    switch (node.path("type").asText()) {
      case "Sequence" -> node.path("pretokenizers").forEach(step -> collect(file, step, steps));
      case "Split" -> steps.add(split(node));
      case "Digits" ->
          steps.add(node.path("individual_digits").asBoolean() ? ONE_DIGIT : "\\p{N}+");
      case "ByteLevel" -> {
        if (node.path("use_regex").asBoolean(true)) {
          steps.add(GPT2);
        }
      }
      default ->
          throw new ForegateException(
              "%s: a pre-tokenizer of type '%s' cannot be converted"
                  .formatted(file, node.path("type").asText("none")),
              "If you know the name of this one in llama.cpp, give it as the [[pre tokenizer]].");
    }
  }

  private static String split(JsonNode node) {
    String expression =
        node.at("/pattern/Regex").asText(node.at("/pattern/String").asText("nothing"));
    // Isolating matches, and keeping only them, is the same where they cover the whole text.
    boolean isolates =
        node.path("behavior").asText().equalsIgnoreCase("Isolated")
            || (node.path("behavior").asText().equalsIgnoreCase("Removed")
                && node.path("invert").asBoolean());
    String step = expression.startsWith(CASED) ? CASED : expression;
    return isolates ? step : node.path("behavior").asText() + ": " + step;
  }

  private static String shortened(String text) {
    return text.length() > 200 ? text.substring(0, 200) + ".." : text;
  }
}
