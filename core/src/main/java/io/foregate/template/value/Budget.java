package io.foregate.template.value;

import io.foregate.template.Limits;
import io.foregate.template.TemplateException;

/** What is left to one rendering. Whatever works or makes something takes from it first. */
public final class Budget {
  private static final int CHARS_PER_STEP = 8;
  private static final int STRING_HEADER = 64;

  private final Limits limits;
  private long steps;
  private long bytes;
  private int depth;

  /** A full budget. */
  public Budget(Limits limits) {
    this.limits = limits;
  }

  /** Takes one step. */
  public void step() {
    if (++steps > limits.steps()) {
      throw tooManySteps();
    }
  }

  /** Takes several steps. */
  public void steps(long count) {
    steps += count;
    if (steps > limits.steps() || count < 0) {
      throw tooManySteps();
    }
  }

  private TemplateException tooManySteps() {
    return TemplateException.of("it does not end: more than %d steps".formatted(limits.steps()));
  }

  /** Looks at characters. */
  public void scan(long chars) {
    steps(1 + chars / CHARS_PER_STEP);
  }

  /** Makes something of so many bytes. */
  public void bytes(long count) {
    bytes += count;
    if (bytes > limits.bytes() || count < 0) {
      throw TemplateException.of(
          "it takes too much memory: more than %d MiB".formatted(limits.bytes() >> 20));
    }
  }

  /** Makes a text of so many characters and looks at each. */
  public void text(long chars) {
    scan(chars);
    bytes(STRING_HEADER + 2 * chars);
  }

  /** Makes a list of so many items, whose values are not counted. */
  public void list(long items) {
    steps(1 + items);
    bytes(STRING_HEADER + 8 * items);
  }

  /** Goes one level deeper. */
  public void enter() {
    step();
    if (++depth > limits.depth()) {
      throw TemplateException.of(
          "it nests too deeply: more than %d levels".formatted(limits.depth()));
    }
  }

  /** Comes back. Not needed after a failure, which ends the rendering. */
  public void leave() {
    depth--;
  }
}
