package io.foregate.oracle;

import java.util.ArrayList;
import java.util.List;

/**
 * A SentencePiece vocabulary of the least size that llama.cpp loads: three special tokens, the 256
 * bytes, and some pieces. Its size is odd, so that no kernel can count on a round number of output
 * rows.
 */
public final class TinyVocabulary {
  private static final int NORMAL = 1;
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int BYTE = 6;

  private static final List<String> PIECES =
      List.of(
          "▁", "e", "t", "a", "o", "i", "n", "s", "r", "h", "l", "d", "u", "c", "m", "▁t", "▁a",
          "he", "in", "▁the", "er", "on", "re", "▁o", "▁s", "▁w", "nd", "▁and", "at", "en", "it",
          "▁of", "or", "is", "▁h", "ing", "▁in", "▁to", "é", "ß", "日", "本", "😀", "\n", ".", ",");

  public static final int SIZE = 3 + 256 + PIECES.size();

  private TinyVocabulary() {}

  static List<String> tokens() {
    List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    for (int b = 0; b < 256; b++) {
      tokens.add("<0x%02X>".formatted(b));
    }
    tokens.addAll(PIECES);
    return List.copyOf(tokens);
  }

  /** Merge priorities: earlier pieces first. */
  static float[] scores() {
    var scores = new float[SIZE];
    for (int i = 3 + 256; i < SIZE; i++) {
      scores[i] = -(i - 3 - 256);
    }
    return scores;
  }

  static int[] types() {
    var types = new int[SIZE];
    for (int i = 0; i < SIZE; i++) {
      types[i] = i == 0 ? UNKNOWN : i < 3 ? CONTROL : i < 3 + 256 ? BYTE : NORMAL;
    }
    return types;
  }
}
