package io.foregate.cli.chat;

import io.foregate.Chat;
import io.foregate.Model;
import io.foregate.cli.chat.MessageText.Order;
import io.foregate.cli.output.RunStats;
import io.foregate.cli.output.SamplingInForce;
import io.foregate.cli.terminal.Terminal;
import io.foregate.cli.terminal.UsageException;
import io.foregate.report.Table;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a person can order in a conversation: the commands that begin with a slash. */
final class ChatOrders {
  /** Those that are offered; some have other names besides. */
  static final List<String> NAMES =
      List.of("clear", "exit", "help", "load", "save", "set", "stats");

  private static final Set<String> OTHER_NAMES = Set.of("quit", "bye", "?");

  private static final String HELP =
      """
      /set             how the model answers now; /set NAME VALUE changes it:
                       %s, system, history
      /stats           tokens, speed, context used, experts
      /save [FILE]     keep the conversation in FILE, as --session does
      /load FILE       go on with the conversation in FILE
      /clear           forget the conversation, but not how the model is to behave
      /exit, /bye      end; so does Ctrl-D
      /help            this list
      //...            a message that begins with a slash
      A line that ends with \\ goes on in the next one; \""" begins a message of several lines, and
      \""" ends it. Pasted lines are one message. Ctrl-C ends the answer; when there is none, it ends
      the command.\
      """
          .formatted(String.join(", ", Settings.names()));

  private final Terminal terminal;
  private final Model model;
  private final KeptChat talk;
  private final MessageSource source;
  private final ChatTotals totals;

  ChatOrders(
      Terminal terminal, Model model, KeptChat talk, MessageSource source, ChatTotals totals) {
    this.terminal = terminal;
    this.model = model;
    this.talk = talk;
    this.source = source;
    this.totals = totals;
  }

  /** Whether there is such a command. */
  static boolean isKnown(Order order) {
    return NAMES.contains(order.name()) || OTHER_NAMES.contains(order.name());
  }

  /**
   * Does as ordered.
   *
   * @return whether the conversation goes on
   * @throws io.foregate.error.ForegateException if it cannot be done
   */
  boolean obey(Order order) {
    String argument = order.argument();
    switch (order.name()) {
      case "exit", "quit", "bye" -> {
        return false;
      }
      case "help", "?" -> terminal.message(HELP);
      case "clear" -> {
        talk.clear();
        terminal.message("The conversation begins anew.");
      }
      case "stats" -> terminal.message(stats());
      case "set" -> set(argument);
      case "save" -> save(argument);
      case "load" -> load(argument);
      default -> unknown(order.name());
    }
    return true;
  }

  private void unknown(String name) {
    String near =
        Settings.nearest(name, NAMES).map(n -> "; did you mean /%s?".formatted(n)).orElse("");
    terminal.message(
        "There is no command '/%s'%s /help lists them; a message that begins with a slash takes two."
            .formatted(name, near.isEmpty() ? "." : near));
  }

  private void set(String argument) {
    List<String> words = new ArrayList<>(List.of(argument.split("\\s+", 2)));
    if (words.getFirst().equals("parameter") && words.size() > 1) { // ollama's way
      words = List.of(words.get(1).split("\\s+", 2));
    }
    String name = words.getFirst();
    Optional<String> value =
        words.size() < 2 || words.get(1).isBlank() ? Optional.empty() : Optional.of(words.get(1));
    switch (name) {
      case "" -> terminal.message(settings());
      case "system" -> setSystem(value);
      case "history" -> setHistory(value);
      default -> setOption(name, value);
    }
  }

  private void setOption(String name, Optional<String> value) {
    Chat chat = talk.chat();
    var setting = Settings.named(name);
    if (setting.isEmpty()) {
      List<String> all = new ArrayList<>(Settings.names());
      all.addAll(List.of("system", "history"));
      throw new UsageException(
          "there is no setting '%s'".formatted(name),
          Settings.nearest(name, all)
              .map("Did you mean %s? /set lists them."::formatted)
              .orElse("/set lists them."));
    }
    value.ifPresent(v -> chat.options(Settings.change(chat.options(), setting.get(), v)));
    terminal.message(setting.get().name() + " is " + setting.get().show().apply(inForce()) + ".");
  }

  private SamplingInForce inForce() {
    return SamplingInForce.of(talk.chat().options(), model);
  }

  private void setSystem(Optional<String> value) {
    // What is to be said is quoted out of habit.
    value.ifPresent(text -> talk.system(text.replaceFirst("(?s)^\"(.*)\"$", "$1")));
    terminal.message(system());
  }

  private String system() {
    String text = talk.chat().system();
    return text.isEmpty() ? "The model was not told how to behave." : "system: " + text;
  }

  private void setHistory(Optional<String> value) {
    switch (value.orElse("")) {
      case "on" -> source.remember(true);
      case "off" -> source.remember(false);
      case "" -> {}
      default ->
          throw new UsageException(
              "history is '%s', expected on or off".formatted(value.get()), "/set history off");
    }
    terminal.message("history: " + source.memory());
  }

  private String settings() {
    var table = new Table("  ", "ll");
    Settings.show(inForce(), table);
    table.row("history", source.memory());
    String text = talk.chat().system();
    table.row("system", text.isEmpty() ? "none" : text.lines().findFirst().orElse("") + more(text));
    return table.toString().stripTrailing();
  }

  private static String more(String text) {
    return text.lines().count() > 1 ? " ..." : "";
  }

  private String stats() {
    int used = talk.chat().contextUsed();
    var table = new Table("  ", "ll");
    table.row("messages", String.valueOf(talk.chat().length()));
    table.row(
        "context",
        "%d of %d tokens (%s)"
            .formatted(used, model.context(), RunStats.percent((double) used / model.context())));
    totals.describe(table);
    table.row("sampling", inForce().text());
    table.row("backend", model.backend());
    model.expertStats().ifPresent(experts -> RunStats.describe(experts, table));
    return table.toString().stripTrailing();
  }

  private void save(String argument) {
    if (argument.isEmpty() && talk.file() == null) {
      throw new UsageException(
          "/save needs the name of a file", "For instance: /save talk.session");
    }
    Path target = argument.isEmpty() ? talk.file() : path(argument);
    talk.save(target);
    terminal.message("The conversation is in " + target + ".");
  }

  private void load(String argument) {
    if (argument.isEmpty()) {
      throw new UsageException(
          "/load needs the name of a file", "For instance: /load talk.session");
    }
    talk.load(path(argument));
    terminal.message(
        "The conversation in %s goes on: %d messages, %d tokens."
            .formatted(talk.file(), talk.chat().length(), talk.chat().contextUsed()));
  }

  /** A file's name as a shell would take it: quotes around it go, and ~ is the home folder. */
  private static Path path(String name) {
    String plain = name.replaceFirst("^(['\"])(.*)\\1$", "$2");
    try {
      return plain.startsWith("~/")
          ? Path.of(System.getProperty("user.home"), plain.substring(2))
          : Path.of(plain);
    } catch (InvalidPathException e) {
      throw new UsageException("no file can be called that: " + e.getReason(), "Write it anew.");
    }
  }
}
