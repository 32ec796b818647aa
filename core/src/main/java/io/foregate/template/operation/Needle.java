package io.foregate.template.operation;

import io.foregate.template.value.Budget;

/**
 * Finds one text in others, in time linear in both: a long one by Knuth's, Morris's and Pratt's
 * table, a short one as Java does.
 */
public final class Needle {
  private static final int SHORT = 16;

  private final String text;
  private final Budget budget;
  private int[] forward;
  private int[] backward;

  public Needle(String text, Budget budget) {
    this.text = text;
    this.budget = budget;
  }

  /** How many UTF-16 units it has. */
  public int length() {
    return text.length();
  }

  /** Where it begins in a text at or after an index, or -1. */
  public int in(String hay, int from) {
    if (text.length() <= SHORT) {
      int found = hay.indexOf(text, from);
      budget.scan((found < 0 ? hay.length() : found) - Math.min(from, hay.length()));
      return found;
    }
    if (forward == null) {
      forward = table(false);
    }
    return find(hay, from, hay.length(), false);
  }

  /** Where its last occurrence begins that ends at or before an index, or -1. */
  public int lastIn(String hay, int end) {
    if (end < text.length()) {
      return -1;
    }
    if (text.length() <= SHORT) {
      int found = hay.lastIndexOf(text, end - text.length());
      budget.scan(end - Math.max(found, 0));
      return found;
    }
    if (backward == null) {
      backward = table(true);
    }
    return find(hay, 0, end, true);
  }

  private int find(String hay, int from, int end, boolean last) {
    budget.scan(text.length());
    int[] table = last ? backward : forward;
    int matched = 0;
    for (int i = 0; i < end - from; i++) {
      if (i % 4 == 0) {
        budget.step();
      }
      char c = hay.charAt(last ? end - 1 - i : from + i);
      while (matched > 0 && c != at(matched, last)) {
        matched = table[matched];
      }
      if (c == at(matched, last)) {
        matched++;
      }
      if (matched == text.length()) {
        return last ? end - 1 - i : from + i + 1 - matched;
      }
    }
    return -1;
  }

  private char at(int index, boolean last) {
    return text.charAt(last ? text.length() - 1 - index : index);
  }

  /** For each number of characters that matched, how many still do after the next does not. */
  private int[] table(boolean last) {
    budget.text(2L * text.length());
    int[] table = new int[text.length() + 1];
    int matched = 0;
    for (int i = 1; i < text.length(); i++) {
      while (matched > 0 && at(i, last) != at(matched, last)) {
        matched = table[matched];
      }
      if (at(i, last) == at(matched, last)) {
        matched++;
      }
      table[i + 1] = matched;
    }
    return table;
  }
}
