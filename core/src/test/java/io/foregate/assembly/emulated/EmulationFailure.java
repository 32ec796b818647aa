package io.foregate.assembly.emulated;

/** Code did what it must not do, or what the emulator does not know. */
public final class EmulationFailure extends AssertionError {
  private static final long serialVersionUID = 1L;

  EmulationFailure(String message) {
    super(message);
  }

  EmulationFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
