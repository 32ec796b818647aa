package io.foregate.error;

import java.util.function.BinaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

  /** How a hint names a setting, so that the command line can name its flag instead. */
  private static final Pattern SETTING =
      Pattern.compile("\\[\\[([a-zA-Z. ]+)(?:=([^\\]]*))?\\]\\]");

  private final String hint;

  /**
   * @param message one sentence: what is wrong, where, what was expected
   * @param hint what the user can do, or an empty string; a setting stands in it as {@code
   *     [[context]]}, one that is to have a value as {@code [[policy=lookahead]]}
   */
  public ForegateException(String message, String hint) {
    this(message, hint, null);
  }

  /** As {@link #ForegateException(String, String)}, keeping the failure that caused this one. */
  public ForegateException(String message, String hint, Throwable cause) {
    super(message, cause);
    this.hint = hint;
  }

  /** What the user can do, or an empty string; settings are called as in the Java API. */
  public final String hint() {
    return hint((setting, value) -> value.isEmpty() ? setting : setting + " " + value);
  }

  /** The hint as it was written, settings marked: for whoever tells of this failure in another. */
  public final String rawHint() {
    return hint;
  }

  /**
   * The hint in the terms of another way to use Foregate.
   *
   * @param words what to call a setting (the first argument), or to give it a value (the second,
   *     else empty)
   */
  public final String hint(BinaryOperator<String> words) {
    return SETTING
        .matcher(hint)
        .replaceAll(
            found ->
                Matcher.quoteReplacement(
                    words.apply(found.group(1), found.group(2) == null ? "" : found.group(2))));
  }
}
