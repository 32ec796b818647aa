package io.foregate.template;

/**
 * A template that cannot be read or rendered. The message is what jinja2 (or the Python below it)
 * says of the same mistake, or names the limit that was passed.
 */
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int line;
  private final boolean raised;

  /**
   * @param line where, from 1, or 0 if it is not known
   * @param raised whether the template itself refuses, by {@code raise_exception}
   */
  public TemplateException(String message, int line, boolean raised) {
    super(message, null, false, false); // a stack of the interpreter tells a user nothing
    this.line = line;
    this.raised = raised;
  }

  /** A mistake whose line the interpreter adds. */
  public static TemplateException of(String message) {
    return new TemplateException(message, 0, false);
  }

  /** The same at a line, unless it has one. */
  public TemplateException at(int where) {
    return line > 0 ? this : new TemplateException(getMessage(), where, raised);
  }

  /** The line of the template, from 1, or 0 if it is not known. */
  public int line() {
    return line;
  }

  /** Whether the template itself refuses what it was given. */
  public boolean raised() {
    return raised;
  }
}
