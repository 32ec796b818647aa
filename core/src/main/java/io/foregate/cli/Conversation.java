package io.foregate.cli;

import io.foregate.Chat;
import io.foregate.FinishReason;
import io.foregate.Generation;
import io.foregate.Model;
import io.foregate.error.ForegateException;
import java.util.Locale;

/** Reads messages and prints answers, until there are no more messages. For one thread. */
final class Conversation {
  private static final String PROMPT = "> ";
  private static final String GREETING = "/help lists commands; /exit or Ctrl-D ends.";
  private static final String HELP =
      """
      /clear   forget the conversation, but not --system
      /exit    end; so does Ctrl-D
      /help    this list
      Ctrl-C   end the answer; when there is none, end the command\
      """;

  private final Shell shell;
  private final Terminal terminal;
  private final Model model;
  private final Chat chat;
  private final boolean stats;
  private final boolean json;
  private final Runnable atExit;

  /** The schema of {@code --json}. */
  private record Report(
      String message, String text, int tokens, String finishReason, RunStats stats) {}

  /**
   * @param stats whether to print speed and memory after each answer
   * @param json whether to print answers as JSON
   * @param atExit done before Ctrl-C ends the command
   */
  Conversation(Shell shell, Model model, Chat chat, boolean stats, boolean json, Runnable atExit) {
    this.shell = shell;
    this.terminal = shell.terminal();
    this.model = model;
    this.chat = chat;
    this.stats = stats;
    this.json = json;
    this.atExit = atExit;
  }

  /**
   * Answers every line that is not blank. A failure ends it.
   *
   * @param first a message before the first line, or {@code null}
   */
  void withPipe(String first) {
    for (String line = first == null ? terminal.readLine() : first;
        line != null;
        line = terminal.readLine()) {
      if (!line.isBlank()) {
        answer(line);
      }
    }
  }

  /**
   * Answers what is typed, and obeys commands. A failure is told, and the person may go on.
   *
   * @param first a message before the first line, or {@code null}
   */
  void withPerson(String first) {
    terminal.message(GREETING);
    try (var interrupt = new AnswerInterrupt(this::leave)) {
      if (first != null) {
        terminal.message(PROMPT + first);
        answerOrComplain(first, interrupt);
      }
      boolean goesOn = true;
      while (goesOn) {
        terminal.err().print(PROMPT);
        terminal.err().flush();
        String line = terminal.readLine();
        if (line == null) {
          terminal.err().println(); // the shell's prompt gets a line of its own
        }
        goesOn = line != null && obey(line.strip(), interrupt);
      }
    }
  }

  private void leave() {
    terminal.message(""); // ends the line that the prompt began
    try {
      atExit.run();
    } catch (ForegateException e) {
      terminal.complain(e.getMessage(), e.hint());
    }
    System.exit(ExitCode.INTERRUPTED);
  }

  /** Does what a line asks for; whether to go on. */
  private boolean obey(String line, AnswerInterrupt interrupt) {
    switch (line) {
      case "" -> {}
      case "/exit", "/quit", "/bye" -> {
        return false;
      }
      case "/clear" -> {
        chat.clear();
        terminal.message("The conversation begins anew.");
      }
      case "/help", "/?" -> terminal.message(HELP);
      default -> {
        if (line.matches("/[a-z]+")) {
          terminal.message("There is no command '%s'; /help lists them.".formatted(line));
        } else {
          answerOrComplain(line, interrupt);
        }
      }
    }
    return true;
  }

  private void answerOrComplain(String message, AnswerInterrupt interrupt) {
    interrupt.begin();
    try {
      answer(message);
    } catch (CommandException e) {
      throw e; // the terminal itself has failed
    } catch (ForegateException e) {
      terminal.complain(e.getMessage(), e.hint());
    } finally {
      interrupt.end();
    }
  }

  private void answer(String message) {
    var watch = json ? Watch.silent(shell, model) : Watch.printing(shell, model, "");
    Generation answer = chat.send(message, watch);
    shell.cancellation().check(); // it may have come before there was any text to watch
    RunStats figures = RunStats.of(answer.stats(), watch.memory(), model.expertStats());
    if (json) {
      String reason = answer.finishReason().name().toLowerCase(Locale.ROOT);
      terminal.println(
          Json.line(new Report(message, answer.text(), answer.tokens(), reason, figures)));
    }
    terminal.endLine();
    if (answer.finishReason() == FinishReason.CONTEXT) {
      terminal.message(
          "The context of %d tokens is full; a larger --ctx takes longer conversations."
              .formatted(model.context()));
    }
    if (stats) {
      terminal.message(figures.text());
    }
  }
}
