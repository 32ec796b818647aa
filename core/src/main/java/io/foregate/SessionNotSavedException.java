package io.foregate;

import io.foregate.error.ForegateException;

/**
 * A text was generated, and then its session could not be written: the disk is full, or the folder
 * has gone. The text is here. The file is as it was before.
 */
public final class SessionNotSavedException extends ForegateException {
  private static final long serialVersionUID = 1L;

  private final transient Generation generation;

  SessionNotSavedException(ForegateException why, Generation generation) {
    super(why.getMessage(), why.rawHint(), why);
    this.generation = generation;
  }

  /** What was generated. */
  public Generation generation() {
    return generation;
  }
}
