package io.foregate.cli.flag;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds what a mistyped word was meant to be. */
final class Typos {
  /** A word of this many characters may have one slip; longer ones have more. */
  private static final int CHARACTERS_PER_SLIP = 3;

  private Typos() {}

  /** The nearest of the words that are there, if it is near enough. */
  static Optional<String> meant(String word, Collection<String> words) {
    int most = Math.max(1, word.length() / CHARACTERS_PER_SLIP);
    return words.stream()
        .filter(candidate -> slips(word, candidate) <= most)
        .min(Comparator.<String>comparingInt(c -> slips(word, c)).thenComparing(c -> c));
  }

  /** Characters to insert, delete, replace or swap with their neighbour (Damerau, Levenshtein). */
  static int slips(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        d[i][j] = i == 0 || j == 0 ? i + j : step(d, i, j, a, b);
      }
    }
    return d[a.length()][b.length()];
  }

  private static int step(int[][] d, int i, int j, String a, String b) {
    int replaced = d[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
    int least = Math.min(replaced, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
    boolean swapped =
        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
    return swapped ? Math.min(least, d[i - 2][j - 2] + 1) : least;
  }
}
