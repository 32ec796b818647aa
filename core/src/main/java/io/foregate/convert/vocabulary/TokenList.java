package io.foregate.convert.vocabulary;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufValue;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/** A vocabulary in the making: as many tokens as the embedding has rows. */
final class TokenList {
  static final int NORMAL = 1;
  static final int CONTROL = 3;
  static final int USER_DEFINED = 4;
  static final int UNUSED = 5;
  static final int BYTE = 6;

  /** Score of tokens that are never made by merging. */
  private static final float NEVER = -1000;

  private static final Pattern SPECIAL = Pattern.compile("<pad>|<mask>|<\\|.*\\|>|<｜.*｜>");

  private final Path source;
  private final String[] texts;
  private final float[] scores;
  private final int[] types;

  /**
   * @param source the file, for messages
   * @param size rows of the embedding
   */
  TokenList(Path source, int size) {
    this.source = source;
    this.texts = new String[size];
    this.scores = new float[size];
    this.types = new int[size];
    Arrays.fill(scores, NEVER);
    Arrays.fill(types, UNUSED);
  }

  void put(long id, String text, float score, int type) {
    if (id < 0 || id >= texts.length) {
      throw new ForegateException(
          "%s: token '%s' has id %d, and config.json's 'vocab_size' is %d"
              .formatted(source, text, id, texts.length),
          "Download tokenizer and config.json again from one revision.");
    }
    texts[(int) id] = text;
    scores[(int) id] = score;
    types[(int) id] = type;
  }

  /**
   * A token that was added to the model's own; ones beyond the embedding mean nothing to it.
   *
   * @param special whether it steers the model, and is no part of the text
   */
  void add(long id, String text, boolean special) {
    if (id >= 0 && id < texts.length) {
      boolean control = special || SPECIAL.matcher(text).matches();
      put(id, control ? text : text.replace('▁', ' '), NEVER, control ? CONTROL : USER_DEFINED);
    }
  }

  /** Ids by their text. */
  Map<String, Integer> ids() {
    Map<String, Integer> ids = new HashMap<>();
    for (int i = texts.length - 1; i >= 0; i--) {
      if (texts[i] != null) {
        ids.put(texts[i], i);
      }
    }
    return ids;
  }

  OptionalInt find(String text) {
    int at = Arrays.asList(texts).indexOf(text);
    return at < 0 ? OptionalInt.empty() : OptionalInt.of(at);
  }

  int size() {
    return texts.length;
  }

  /** Writes the tokens; {@code scored} for a vocabulary of SentencePiece. */
  void keys(Map<String, GgufValue> keys, boolean scored) {
    for (int i = 0; i < texts.length; i++) {
      if (texts[i] == null) {
        texts[i] = "[PAD%d]".formatted(i);
      }
    }
    keys.put("tokenizer.ggml.tokens", GgufArray.ofStrings(List.of(texts)));
    if (scored) {
      keys.put("tokenizer.ggml.scores", GgufArray.ofFloats(scores));
    }
    keys.put("tokenizer.ggml.token_type", GgufArray.ofInts(types));
  }
}
