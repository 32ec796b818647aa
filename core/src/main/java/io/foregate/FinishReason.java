package io.foregate;

/** Why a generation ended. */
public enum FinishReason {
  /** The model ended the text, or a stop string came. */
  STOP,
  /** As many tokens as were asked for. */
  LENGTH,
  /** The context is full. */
  CONTEXT,
  /** The generating thread was interrupted, perhaps before the whole prompt was fed. */
  CANCELLED
}
