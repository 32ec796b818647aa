package io.foregate.cli.chat;

/** Where the messages of a conversation come from: a person's terminal, with or without editing. */
public interface MessageSource extends AutoCloseable {

  /**
   * What the person writes next, several lines perhaps; {@code null} at the end.
   *
   * @throws LeftException when the person presses Ctrl-C instead
   */
  String read();

  /** Has Ctrl-C, where no message is being read, do this until the result is closed. */
  AnswerInterrupt.Hook interrupts();

  /** Whether what is written is remembered from now on. */
  void remember(boolean wanted);

  /** How that is, in a few words. */
  String memory();

  @Override
  void close();

  /** Ends a conversation whose person pressed Ctrl-C where nothing was written. */
  final class LeftException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    LeftException() {
      super("left", null, false, false);
    }
  }
}
