package io.foregate.gguf;

import io.foregate.error.ForegateException;

/** A GGUF file that cannot be read or written, with the place in it where that showed. */
public final class GgufException extends ForegateException {
  private static final long serialVersionUID = 1L;

  private final long byteOffset;

  /**
   * @param message one sentence: file, field, what was found, what was expected
   * @param hint what to do about it
   * @param byteOffset where in the file, or -1 if it is not about one place
   */
  public GgufException(String message, String hint, long byteOffset) {
    super(message, hint);
    this.byteOffset = byteOffset;
  }

  /** As above, with the error that led to it; not about one place in the file. */
  GgufException(String message, String hint, Throwable cause) {
    super(message, hint, cause);
    this.byteOffset = -1;
  }

  /** Offset in the file of the field at fault, or -1. */
  public long byteOffset() {
    return byteOffset;
  }
}
