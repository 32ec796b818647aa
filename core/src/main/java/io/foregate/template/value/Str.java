package io.foregate.template.value;

/** A text; places and lengths count code points. Immutable but for what it has counted. */
public final class Str implements Value {
  public static final Str EMPTY = new Str("", false);

  private final String text;
  private final boolean safe;
  private int length = -1;
  private int[] points;

  /**
   * @param safe whether HTML's special characters in it are meant (markupsafe's {@code Markup})
   */
  public Str(String text, boolean safe) {
    this.text = text;
    this.safe = safe;
  }

  public static Str of(String text) {
    return text.isEmpty() ? EMPTY : new Str(text, false);
  }

  public String text() {
    return text;
  }

  public boolean isSafe() {
    return safe;
  }

  /** How many code points. */
  public int length(Budget budget) {
    if (length < 0) {
      budget.scan(text.length());
      length = text.codePointCount(0, text.length());
    }
    return length;
  }

  /** The code point at a place. */
  public int at(int index, Budget budget) {
    if (length(budget) == text.length()) {
      return text.charAt(index);
    }
    return points(budget)[index];
  }

  private int[] points(Budget budget) {
    if (points == null) {
      budget.bytes(16L * text.length()); // the stream's buffers too
      points = text.codePoints().toArray();
    }
    return points;
  }

  /** From one place to another, both within the text. */
  public String between(int from, int to, Budget budget) {
    if (from >= to) {
      return "";
    }
    budget.text(to - from);
    if (length(budget) == text.length()) {
      return text.substring(from, to);
    }
    return new String(points(budget), from, to - from);
  }

  /** The place, in code points, of an index into {@link #text()}; -1 stays. */
  public int place(int index, Budget budget) {
    if (index <= 0 || length(budget) == text.length()) {
      return index;
    }
    budget.scan(index);
    return text.codePointCount(0, index);
  }

  /** The index into {@link #text()} of a place. */
  public int index(int place, Budget budget) {
    if (length(budget) == text.length()) {
      return place;
    }
    budget.scan(place);
    return text.offsetByCodePoints(0, place);
  }

  @Override
  public String typeName() {
    return safe ? "Markup" : "str";
  }

  @Override
  public boolean truth() {
    return !text.isEmpty();
  }

  @Override
  public String toString() {
    return text;
  }
}
