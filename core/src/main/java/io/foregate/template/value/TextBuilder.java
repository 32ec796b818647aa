package io.foregate.template.value;

/** A text that grows, and takes from the budget before it does. */
public final class TextBuilder {
  /** What growing by doubling, and the text in the end, take for a character. */
  private static final int BYTES_PER_CHAR = 4;

  private final StringBuilder text = new StringBuilder();
  private final Budget budget;

  public TextBuilder(Budget budget) {
    this.budget = budget;
    budget.bytes(64);
  }

  public TextBuilder append(String part) {
    grow(part.length());
    text.append(part);
    return this;
  }

  /** A part of a text, in UTF-16 units. */
  public TextBuilder append(String part, int from, int to) {
    grow(to - from);
    text.append(part, from, to);
    return this;
  }

  /** One code point. */
  public TextBuilder append(int point) {
    grow(2);
    text.appendCodePoint(point);
    return this;
  }

  /** The same text several times. */
  public TextBuilder repeat(String part, long times) {
    if (times > 0 && !part.isEmpty()) {
      grow(Math.multiplyHigh(times, part.length()) != 0 ? -1 : times * part.length());
      text.repeat(part, (int) times);
    }
    return this;
  }

  private void grow(long chars) {
    budget.scan(chars);
    budget.bytes(chars < 0 ? -1 : BYTES_PER_CHAR * chars);
  }

  public boolean isEmpty() {
    return text.isEmpty();
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
