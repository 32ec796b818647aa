package io.foregate.cli.chat;

import io.foregate.cli.terminal.Terminal;

/**
 * Shows what a model thinks before it answers, faint, on standard error and only to a person: piped
 * output has the answer alone. For one thread.
 */
final class ReasoningDisplay {
  private final Terminal terminal;
  private boolean shown;

  ReasoningDisplay(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Shows a piece of thought. */
  void show(GenerationMonitor watch, String piece) {
    watch.look();
    terminal.faint(piece);
    shown = true;
  }

  /** Hands on a piece of the answer, which begins a line of its own. */
  void endBefore(GenerationMonitor watch, String piece) {
    end();
    watch.accept(piece);
  }

  /** Nothing more will be thought. */
  void end() {
    if (shown) {
      terminal.faint("\n");
      shown = false;
    }
  }
}
