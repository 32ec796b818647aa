package io.foregate.tokenizer;

import io.foregate.error.ForegateException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a byte-level vocabulary splits text into words before merging ({@code tokenizer.ggml.pre}).
 * Each expression in turn splits what the ones before it have left: into its matches and what lies
 * between them.
 *
 * <p>The expressions are those of the models' tokenizer.json, read as llama.cpp reads them: {@code
 * \s} is Unicode white space; {@code \p{Lu}} and {@code \p{Ll}} in o200k and Tekken are any letter
 * but ASCII's other case.
 *
 * @param patterns in order
 * @param prefersWholeWords whether a word that is a token is taken as it is, whatever the merges
 *     say
 * @param addsBos whether texts begin with the beginning token where the file does not say
 */
record PreTokenizer(List<Pattern> patterns, boolean prefersWholeWords, boolean addsBos) {
  private static final String SUFFIX = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]";
  private static final String SPACES = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String SYMBOLS = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|";
  private static final String WORD = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|";

  private static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
  private static final String LLAMA3 = SUFFIX + "|" + WORD + "\\p{N}{1,3}|" + SYMBOLS + SPACES;
  private static final String QWEN2 = SUFFIX + "|" + WORD + "\\p{N}|" + SYMBOLS + SPACES;
  private static final String QWEN35 =
      SUFFIX
          + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|"
          + SPACES;
  private static final String BAILING =
      SUFFIX + "|" + WORD + "\\p{N}|" + SYMBOLS + "\\s*[\\r\\n]|\\s+(?!\\S)|\\s+";

  private static final String NOT_LOWER = "[\\p{L}&&[^a-z]]";
  private static final String NOT_UPPER = "[\\p{L}&&[^A-Z]]";
  private static final String CASED_1 =
      "[^\\r\\n\\p{L}\\p{N}]?" + NOT_LOWER + "*" + NOT_UPPER + "+";
  private static final String CASED_2 =
      "[^\\r\\n\\p{L}\\p{N}]?" + NOT_LOWER + "+" + NOT_UPPER + "*";
  private static final String CASED_REST = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" + SPACES;
  private static final String TEKKEN = CASED_1 + "|" + CASED_2 + "|\\p{N}|" + CASED_REST;
  private static final String O200K =
      "%s(?:%s)?|%s(?:%s)?|\\p{N}{1,3}|%s".formatted(CASED_1, SUFFIX, CASED_2, SUFFIX, CASED_REST);

  /** The cased letters of the Unicode version that DeepSeek's expression was generated from. */
  private static final String DEEPSEEK_LETTERS =
      codePoints(
          "41-5A 61-7A B5 C0-D6 D8-F6 F8-1BA 1BC-1BF 1C4-293 295-2AF 370-373 376 377 37B-37D 37F"
              + " 386 388-38A 38C 38E-3A1 3A3-3F5 3F7-481 48A-52F 531-556 10A0-10C5 13A0-13F5"
              + " 13F8-13FD 1C90-1CBA 1CBD-1CBF 1D00-1D2B 1D6B-1D77 1D79-1D9A 1E00-1F15 1F18-1F1D"
              + " 1F20-1F45 1F48-1F4D 1F50-1F57 1F59 1F5B 1F5D 1F5F-1F7D 1F80-1FB4 1FB6-1FBC 1FBE"
              + " 1FC2-1FC4 1FC6-1FCC 1FD0-1FD3 1FD6-1FDB 1FE0-1FEC 1FF2-1FF4 1FF6-1FFC 2102 2107"
              + " 210A-2113 2115 2119-211D 2124 2126 2128 212A-212D 212F-2134 2139 213C-213F"
              + " 2145-2149 214E 2183 2184 2C00-2C7B 2C7E-2CE4 2CEB-2CEE 2CF2 2CF3 A640-A66D"
              + " A680-A69B A722-A76F A771-A787 A78B-A78E AB70-ABBF FB00-FB06 FB13-FB17 FF21-FF3A"
              + " FF41-FF5A 10400-1044F 104B0-104D3 104D8-104FB 10C80-10CB2 10CC0-10CF2"
              + " 118A0-118DF 1E900-1E943");

  private static final String DEEPSEEK_CJK = codePoints("4E00-9FA5 800-4E00 AC00-D7FF") + "+";
  private static final String DEEPSEEK_SYMBOLS =
      codePoints("21-2F 3A-7E FF01-FF0F FF1A-FF5E 2018-201F 3000-3002");
  private static final String DEEPSEEK3 =
      "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
          + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|"
          + SPACES;

  private static final Map<String, PreTokenizer> BY_NAME = table();

  /**
   * The way of splitting of that name.
   *
   * @throws ForegateException if there is none
   */
  static PreTokenizer of(String name) {
    PreTokenizer found = BY_NAME.get(name);
    if (found == null) {
      throw new ForegateException(
          "tokenizer.ggml.pre is '%s', expected one of %s"
              .formatted(name, String.join(", ", new TreeSet<>(BY_NAME.keySet()))),
          "Foregate does not know how this model splits text: use a model of a supported family.");
    }
    return found;
  }

  private static Map<String, PreTokenizer> table() {
    var table = new HashMap<String, PreTokenizer>();
    put(table, plain("[\\p{P}$+<=>^~|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]"), "default", "");
    put(
        table,
        plain(GPT2),
        "gpt-2 phi-2 jina-es jina-de jina-v2-es jina-v2-de gigachat a.x-4.0 mellum modern-bert",
        "mpt olmo jais trillion granite-docling exaone4");
    put(
        table,
        plain("\\p{N}", GPT2),
        "starcoder refact command-r smollm codeshell exaone minerva-7b mellum2");
    put(
        table,
        new PreTokenizer(compile(LLAMA3), true, true),
        "llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano");
    put(table, plain(LLAMA3), "dbrx smaug-bpe glm4 chatglm-bpe");
    put(
        table,
        plain(QWEN2),
        "qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2");
    put(table, plain(QWEN35), "qwen35");
    put(table, plain(BAILING), "bailingmoe bailingmoe2 llada-moe");
    put(
        table,
        plain(
            "[\\r\\n]",
            "\\s?" + DEEPSEEK_LETTERS + "+",
            "\\s?" + DEEPSEEK_SYMBOLS + "+",
            "(?<!\\s)\\s++\\z", // \s+$ that looks at each run of spaces once
            DEEPSEEK_CJK,
            "\\p{N}+"),
        "deepseek-llm");
    put(
        table,
        plain("[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", DEEPSEEK_CJK, "\\p{N}"),
        "deepseek-coder");
    put(
        table,
        plain("\\p{N}{1,3}", codePoints("4E00-9FA5 3040-30FF") + "+", DEEPSEEK3),
        "deepseek-v3 hunyuan-dense joyai-llm hy_v4");
    put(table, new PreTokenizer(compile(TEKKEN), true, true), "tekken");
    put(table, plain(O200K), "gpt-4o llama4 kanana2 talkie minimax-m2");
    put(table, plain("[\\p{P}$+<=>^~|`]+", GPT2, "[0-9][0-9][0-9]"), "falcon");
    return Map.copyOf(table);
  }

  private static void put(Map<String, PreTokenizer> table, PreTokenizer splits, String... names) {
    for (String some : names) {
      for (String name : some.split(" ", -1)) {
        table.put(name, splits);
      }
    }
  }

  private static PreTokenizer plain(String... expressions) {
    return new PreTokenizer(compile(expressions), false, false);
  }

  private static List<Pattern> compile(String... expressions) {
    return Arrays.stream(expressions)
        .map(expression -> Pattern.compile(expression, Pattern.UNICODE_CHARACTER_CLASS))
        .toList();
  }

  /**
   * A character class of code points and ranges in hexadecimal, less the white space among them:
   * llama.cpp has replaced it by then.
   */
  private static String codePoints(String ranges) {
    return "[" + ranges.replaceAll("\\p{XDigit}+", "\\\\x{$0}").replace(" ", "") + "&&\\S]";
  }

  /** The words of a text, in order, as the indices where each ends. */
  IntList split(String text) {
    var ends = new IntList();
    ends.add(text.length());
    for (Pattern pattern : patterns) {
      ends = split(pattern.matcher(text), ends);
    }
    return ends;
  }

  private static IntList split(Matcher matcher, IntList ends) {
    var result = new IntList();
    int start = 0;
    for (int i = 0; i < ends.size(); i++) {
      int end = ends.get(i);
      matcher.region(start, end);
      while (matcher.find()) {
        if (matcher.start() > start) {
          result.add(matcher.start());
        }
        result.add(matcher.end());
        start = matcher.end();
      }
      if (start < end) {
        result.add(end);
        start = end;
      }
    }
    return result;
  }
}
