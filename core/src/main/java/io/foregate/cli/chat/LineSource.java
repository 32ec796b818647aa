package io.foregate.cli.chat;

import io.foregate.cli.terminal.Terminal;

/** Reads lines as the terminal gives them: where it can do no more, or is a test's. */
final class LineSource implements MessageSource {
  private final Terminal terminal;

  LineSource(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public String read() {
    var text = new StringBuilder();
    String prompt = LineEditor.PROMPT;
    while (true) {
      terminal.err().print(prompt);
      terminal.err().flush();
      String line = terminal.readLine();
      if (line == null) {
        terminal.err().println(); // the shell's prompt gets a line of its own
        return text.isEmpty() ? null : text.toString();
      }
      text.append(line);
      boolean fenced = MessageText.isOpen(text.toString());
      if (!fenced && MessageText.continues(line)) {
        text.setLength(text.length() - 1);
      } else if (!fenced) {
        return text.toString();
      }
      text.append('\n');
      prompt = LineEditor.FURTHER_PROMPT;
    }
  }

  @Override
  public AnswerInterrupt.Hook interrupts() {
    return AnswerInterrupt.Hook.ofProcess();
  }

  @Override
  public void remember(boolean wanted) {
    // A terminal that cannot edit has no way to bring anything back.
  }

  @Override
  public String memory() {
    return "none (this terminal has no line editing)";
  }

  @Override
  public void close() {}
}
