package io.foregate.tokenizer;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufMetadata;
import io.foregate.gguf.KnownValues;
import io.foregate.gguf.MetadataKey;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The tokens of a model, as its file lists them ({@code tokenizer.ggml.*}), with the types put
 * right that converters are known to get wrong. Immutable, thread-safe.
 *
 * <p>Where the file leaves something out, llama.cpp's defaults hold, except that a token which is
 * neither named nor defaulted is absent rather than guessed.
 */
final class Vocabulary {
  private static final Logger LOGGER = System.getLogger(Vocabulary.class.getName());
  private static final String PREFIX = "tokenizer.ggml.";

  /** What a tokenizer family assumes of a file that does not say otherwise; -1: no such token. */
  record Defaults(int bos, int eos, int unk, boolean addBos) {}

  private final String[] tokens;
  private final float[] scores;
  private final TokenType[] types;
  private final Map<String, Integer> ids;
  private final int bos;
  private final int eos;
  private final int unk;
  private final boolean addBos;
  private final boolean addEos;
  private final boolean phi3;
  private final BitSet endOfGeneration;

  /** Reads and checks the vocabulary. */
  Vocabulary(GgufMetadata metadata, Defaults defaults) {
    KnownValues values = KnownValues.of(metadata);
    tokens = values.texts(MetadataKey.TOKENS).toArray(String[]::new);
    ids = index(tokens);
    scores = values.findReals(MetadataKey.SCORES).orElseGet(() -> new float[tokens.length]);
    types = types(values.findCounts(MetadataKey.TOKEN_TYPES));
    checkLength("scores", scores.length);
    for (int id = 0; id < tokens.length; id++) {
      if (Float.isNaN(scores[id])) {
        throw damaged("the score of token " + id + " is not a number");
      }
    }
    bos = special(values, MetadataKey.BOS, defaults.bos());
    eos = special(values, MetadataKey.EOS, defaults.eos());
    int usual = isUnknown(defaults.unk()) ? defaults.unk() : -1;
    unk = special(values, MetadataKey.UNKNOWN, usual);
    addBos = values.flag(MetadataKey.ADD_BOS, defaults.addBos());
    addEos = values.flag(MetadataKey.ADD_EOS);
    checkAdded("bos", addBos, bos);
    checkAdded("eos", addEos, eos);
    phi3 = isPhi3(values.findText(MetadataKey.NAME).orElse(""));
    endOfGeneration = markControlTokens(values);
  }

  private static Map<String, Integer> index(String[] tokens) {
    Map<String, Integer> ids = HashMap.newHashMap(tokens.length);
    for (int id = 0; id < tokens.length; id++) {
      if (tokens[id].isEmpty()) {
        tokens[id] = "[EMPTY_" + id + "]";
      }
      Integer earlier = ids.putIfAbsent(tokens[id], id);
      if (earlier != null) {
        throw damaged("token '%s' has two ids, %d and %d".formatted(tokens[id], earlier, id));
      }
    }
    return ids;
  }

  private TokenType[] types(Optional<int[]> codes) {
    var result = new TokenType[tokens.length];
    if (codes.isEmpty()) {
      Arrays.fill(result, TokenType.NORMAL);
      return result;
    }
    checkLength("token_type", codes.get().length);
    Arrays.setAll(result, id -> TokenType.of(codes.get()[id]));
    return result;
  }

  private void checkLength(String key, int length) {
    if (length < tokens.length) {
      throw damaged(
          "%s%s has %d entries for %d tokens".formatted(PREFIX, key, length, tokens.length));
    }
  }

  private static void checkAdded(String name, boolean added, int id) {
    if (added && id < 0) {
      throw damaged(
          "%sadd_%s_token is set or implied, but %s%s_token_id is missing"
              .formatted(PREFIX, name, PREFIX, name));
    }
  }

  private int special(KnownValues values, MetadataKey key, int fallback) {
    long id = values.longCount(key, fallback);
    if (id < -1 || id >= tokens.length) {
      // Real files carry nonsense here for tokens that they never use.
      LOGGER.log(
          Level.DEBUG,
          "{0} is {1}, but ids end at {2}: ignored",
          values.name(key),
          Long.toString(id),
          Integer.toString(tokens.length - 1));
      id = fallback;
    }
    return id < tokens.length ? (int) id : -1;
  }

  private boolean isUnknown(int id) {
    return id >= 0
        && id < tokens.length
        && (types[id] == TokenType.UNKNOWN || tokens[id].equals("<unk>"));
  }

  /** Overrides types that a token's text contradicts, and collects what ends a generation. */
  private BitSet markControlTokens(KnownValues values) {
    var ends = new BitSet(tokens.length);
    for (int id = 0; id < tokens.length; id++) {
      if (KnownTokens.END_OF_GENERATION.contains(tokens[id])) {
        types[id] = TokenType.CONTROL;
        ends.set(id);
      } else if (KnownTokens.INFILL.contains(tokens[id])) {
        types[id] = TokenType.CONTROL;
      } else if (KnownTokens.ALWAYS_RENDERED.contains(tokens[id])) {
        types[id] = TokenType.USER_DEFINED;
      }
    }
    List<MetadataKey> infillKeys =
        List.of(MetadataKey.FIM_PAD, MetadataKey.FIM_REP, MetadataKey.FIM_SEP);
    for (int i = 0; i < infillKeys.size(); i++) {
      markInfillEnd(special(values, infillKeys.get(i), -1), KnownTokens.INFILL_ENDS.get(i), ends);
    }
    int eot = special(values, MetadataKey.EOT, -1);
    int eom = special(values, MetadataKey.EOM, -1);
    for (int id : new int[] {eos, eot, eom}) {
      if (id >= 0) {
        ends.set(id);
      }
    }
    exemptChannelEnd(ends);
    return ends;
  }

  private void markInfillEnd(int stated, List<String> usualTexts, BitSet ends) {
    if (stated >= 0) {
      ends.set(stated);
      return;
    }
    for (String text : usualTexts) {
      Integer id = ids.get(text);
      if (id != null) {
        types[id] = TokenType.CONTROL;
        ends.set(id);
        return;
      }
    }
  }

  /** In gpt-oss's and Solar's vocabularies {@code <|end|>} ends a message, not the turn. */
  private void exemptChannelEnd(BitSet ends) {
    Integer end = ids.get("<|end|>");
    boolean gptOss = ids.containsKey("<|return|>") && ids.containsKey("<|call|>");
    boolean solar = ids.containsKey("<|flush|>") && ids.containsKey("<|calls|>");
    if (end != null && (gptOss || solar)) {
      ends.clear(end);
      types[end] = TokenType.USER_DEFINED;
    }
  }

  private static boolean isPhi3(String modelName) {
    String name = modelName.toLowerCase(Locale.ROOT);
    return name.contains("phi-3") || name.contains("phi3");
  }

  private static ForegateException damaged(String problem) {
    return new ForegateException(
        "the file's vocabulary is damaged: " + problem,
        "Convert the model again, or get another copy.");
  }

  int size() {
    return tokens.length;
  }

  /** The token as the file spells it: escaped spaces, byte alphabet and all. */
  String text(int id) {
    if (id < 0 || id >= tokens.length) {
      throw new ForegateException(
          "token %d does not exist: the vocabulary's ids are 0 to %d"
              .formatted(id, tokens.length - 1),
          "Use ids that this model's tokenizer made.");
    }
    return tokens[id];
  }

  float score(int id) {
    return scores[id];
  }

  TokenType type(int id) {
    return types[id];
  }

  /** The id of the token with that spelling, or -1. */
  int find(String text) {
    return ids.getOrDefault(text, -1);
  }

  OptionalInt bos() {
    return optional(bos);
  }

  OptionalInt eos() {
    return optional(eos);
  }

  OptionalInt unk() {
    return optional(unk);
  }

  boolean addBos() {
    return addBos;
  }

  boolean addEos() {
    return addEos;
  }

  /** Whether most special tokens swallow the white space after them, as phi-3's do. */
  boolean isPhi3() {
    return phi3;
  }

  boolean isEndOfGeneration(int id) {
    return id >= 0 && endOfGeneration.get(id);
  }

  private static OptionalInt optional(int id) {
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }
}
