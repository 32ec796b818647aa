package io.foregate.error;

/**
 * A failure that the user can understand and mend: a damaged file, a model that is not supported, a
 * prompt that does not fit.
 *
 * <p>{@link #getMessage()} is one sentence that names the thing (file, field), what was found and
 * what was expected; {@link #hint()} says what to do about it. The command line prints exactly
 * these two.
 */
public class ForegateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String hint;

  /**
   * @param message one sentence: what is wrong, where, what was expected
   * @param hint what the user can do, or an empty string
   */
  public ForegateException(String message, String hint) {
    this(message, hint, null);
  }

  /** As {@link #ForegateException(String, String)}, keeping the failure that caused this one. */
  public ForegateException(String message, String hint, Throwable cause) {
    super(message, cause);
    this.hint = hint;
  }

  /** What the user can do, or an empty string. */
  public final String hint() {
    return hint;
  }
}
