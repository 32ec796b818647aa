package io.foregate.cli.chat;

import io.foregate.FinishReason;
import io.foregate.Generation;
import io.foregate.Model;
import io.foregate.cli.chat.MessageSource.LeftException;
import io.foregate.cli.chat.MessageText.Entry;
import io.foregate.cli.chat.MessageText.Message;
import io.foregate.cli.chat.MessageText.Nothing;
import io.foregate.cli.chat.MessageText.Order;
import io.foregate.cli.flag.ModelFlags;
import io.foregate.cli.output.DiskReads;
import io.foregate.cli.output.RunStats;
import io.foregate.cli.output.SamplingInForce;
import io.foregate.cli.terminal.CommandException;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.Hints;
import io.foregate.cli.terminal.Shell;
import io.foregate.cli.terminal.Terminal;
import io.foregate.error.ForegateException;
import io.foregate.report.Json;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;

/** Reads messages and prints answers, until there are no more messages. For one thread. */
public final class Conversation {
  private static final String GREETING = "/help lists commands; /exit or Ctrl-D ends.";
  private final Shell shell;
  private final Terminal terminal;
  private final Model model;
  private final KeptChat talk;
  private final ChatTotals totals = new ChatTotals();
  private final DiskReads diskReads = new DiskReads();
  private final boolean stats;
  private final boolean json;

  /** The schema of {@code --json}. */
  private record Report(
      String message,
      String text,
      String reasoning,
      int tokens,
      String finishReason,
      RunStats stats) {}

  /**
   * @param stats whether to print speed and memory after each answer
   * @param json whether to print answers as JSON
   */
  public Conversation(Shell shell, Model model, KeptChat talk, boolean stats, boolean json) {
    this.shell = shell;
    this.terminal = shell.terminal();
    this.model = model;
    this.talk = talk;
    this.stats = stats;
    this.json = json;
  }

  /**
   * Answers every line that is not blank. A failure ends it.
   *
   * @param first a message before the first line, or {@code null}
   */
  public void withPipe(String first) {
    boolean told = false;
    for (String line = first == null ? terminal.readLine() : first;
        line != null;
        line = terminal.readLine()) {
      if (!line.isBlank()) {
        told = told || tellOrder(line);
        answer(line);
      }
    }
  }

  /** Says of what would be an order at a terminal that it is none here; whether it is one. */
  private boolean tellOrder(String line) {
    if (!(MessageText.entry(line) instanceof Order order) || !ChatOrders.isKnown(order)) {
      return false;
    }
    terminal.aside(
        "foregate: /%s was sent as a message: orders work at a terminal only."
            .formatted(order.name()));
    return true;
  }

  /**
   * Answers what is typed, and obeys commands. A failure is told, and the person may go on.
   *
   * @param first a message before the first line, or {@code null}
   * @throws LeftException when Ctrl-C ends it
   */
  public void withPerson(MessageSource source, String first) {
    terminal.message(GREETING);
    var orders = new ChatOrders(terminal, model, talk, source, totals);
    try (var interrupt = new AnswerInterrupt(source.interrupts(), this::leave)) {
      if (first != null) {
        terminal.message(LineEditor.PROMPT + first);
        orComplain(() -> answer(first), interrupt);
      }
      boolean goesOn = true;
      boolean warned = false;
      while (goesOn) {
        String typed = source.read();
        goesOn = typed != null && take(MessageText.entry(typed), orders, interrupt);
        if (!goesOn && !warned) {
          warned = !isKept();
          goesOn = warned;
        }
      }
    }
  }

  /** Keeps the conversation before it ends. Where that fails, it need not end yet. */
  private boolean isKept() {
    try {
      talk.keep();
      return true;
    } catch (ForegateException e) {
      terminal.complain(e.getMessage(), Hints.of(e));
      terminal.message(
          "The conversation is still here: /save FILE keeps it elsewhere, /exit loses it.");
      return false;
    }
  }

  /** Does what was written asks for; whether to go on. */
  private boolean take(Entry entry, ChatOrders orders, AnswerInterrupt interrupt) {
    switch (entry) {
      case Nothing _ -> {}
      case Message message -> orComplain(() -> answer(message.text()), interrupt);
      case Order order -> {
        var goesOn = new AtomicBoolean(true);
        orComplain(() -> goesOn.set(orders.obey(order)), interrupt);
        return goesOn.get();
      }
    }
    return true;
  }

  /** Ctrl-C, a second time or between two messages: at once. */
  private void leave() {
    terminal.endLine();
    try {
      talk.leave();
    } catch (ForegateException e) {
      terminal.complain(e.getMessage(), Hints.of(e));
    }
    System.exit(ExitCode.INTERRUPTED);
  }

  private void orComplain(Runnable work, AnswerInterrupt interrupt) {
    interrupt.begin();
    try {
      work.run();
    } catch (CommandException e) {
      throw e; // the terminal itself has failed
    } catch (ForegateException e) {
      terminal.complain(e.getMessage(), Hints.of(e));
    } finally {
      interrupt.end();
    }
  }

  private void answer(String message) {
    var watch =
        json
            ? GenerationMonitor.silent(shell, model)
            : GenerationMonitor.printing(shell, model, "");
    var thoughts = new ReasoningDisplay(terminal);
    Generation answer;
    try {
      answer =
          talk.send(
              message, text -> thoughts.endBefore(watch, text), text -> thoughts.show(watch, text));
    } finally {
      thoughts.end();
      watch.close();
    }
    if (answer.tokens() == 0 && !json) {
      shell.cancellation().check(); // it came before there was any text to watch
    }
    totals.add(answer);
    RunStats figures =
        RunStats.of(
            answer.stats(),
            watch.memory(),
            model,
            SamplingInForce.of(talk.chat().options(), model));
    if (json) {
      String reason = answer.finishReason().name().toLowerCase(Locale.ROOT);
      terminal.println(
          Json.line(
              new Report(
                  message, answer.text(), answer.reasoning(), answer.tokens(), reason, figures)));
    }
    terminal.endLine();
    tellMissing(answer);
    if (answer.finishReason() == FinishReason.CONTEXT) {
      ModelFlags.tellFullContext(terminal, model.context());
    }
    diskReads.tell(terminal, answer.stats(), watch.memory().weights());
    if (stats) {
      terminal.message(figures.text());
    }
    shell.cancellation().check();
  }

  /** Nothing on standard output looks like a failure; say what happened instead. */
  private void tellMissing(Generation answer) {
    if (answer.text().isEmpty() && !answer.reasoning().isEmpty()) {
      terminal.message(
          "The answer ended (%s) while the model was still thinking; more tokens (-n) let it finish."
              .formatted(answer.finishReason().name().toLowerCase(Locale.ROOT)));
    }
  }
}
