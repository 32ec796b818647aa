package io.foregate.cli;

import io.foregate.Model;
import io.foregate.cli.chat.Conversation;
import io.foregate.cli.chat.KeptChat;
import io.foregate.cli.chat.LineEditor;
import io.foregate.cli.chat.MessageSource;
import io.foregate.cli.chat.MessageSource.LeftException;
import io.foregate.cli.flag.AnyText;
import io.foregate.cli.flag.GenerationFlags;
import io.foregate.cli.flag.ModelFlags;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.Hints;
import io.foregate.cli.terminal.Shell;
import io.foregate.cli.terminal.Terminal;
import io.foregate.cli.terminal.UsageException;
import io.foregate.error.ForegateException;
import io.foregate.files.Claim;
import io.foregate.files.FileKind;
import io.foregate.files.Target;
import io.foregate.options.GenerateOptions;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code chat}: a conversation, typed at a terminal or piped in, one message per line. */
@Command(
    name = "chat",
    description = {
      "Talk with a model in the format of its own chat template.",
      "Every line of standard input is a message. At a terminal, lines can be edited and brought"
          + " back, and /help lists commands."
    },
    mixinStandardHelpOptions = true)
final class ChatCommand implements Callable<Integer> {
  private static final int UNTIL_THE_ANSWER_ENDS = -1;

  private final Shell shell;

  @Mixin private ModelFlags model;
  @Mixin private GenerationFlags generation;

  @Option(
      names = {"--system", "--system-prompt", "-sys"},
      paramLabel = "TEXT",
      parameterConsumer = AnyText.class,
      description = "How the model is to behave.")
  private String system;

  @Option(
      names = {"-p", "--prompt"},
      paramLabel = "TEXT",
      parameterConsumer = AnyText.class,
      description = "The first message.")
  private String prompt;

  @Option(
      names = "--session",
      paramLabel = "FILE",
      description =
          "Go on with the conversation in FILE, and keep it there at the end. Made if there is"
              + " none.")
  private Path session;

  @Option(
      names = "--stats",
      description = "Print speed and memory to standard error after each answer.")
  private boolean stats;

  @Option(names = "--json", description = "Print one JSON object per answer, each on its line.")
  private boolean json;

  @Option(
      names = "--no-history",
      description = "Do not keep what is typed for the next time (it is kept for this user only).")
  private boolean noHistory;

  ChatCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    if (session != null) {
      Target.requireOwn(session, FileKind.SESSION);
      Claim.requireFree(session);
    }
    Terminal terminal = shell.terminal();
    try (Model opened = model.open(terminal);
        KeptChat talk = talk(opened)) {
      ModelFlags.tellLongContext(terminal, opened.context(), opened.trainedContext());
      if (!opened.hasChatTemplate()) {
        terminal.message(
            "foregate: the model has no chat template: it is a base model, made to continue texts;"
                + " the conversation is written as plain User: and Assistant: lines.");
      }
      shell.cancellation().beforeExit(talk::leave);
      int code;
      try {
        code = converse(new Conversation(shell, opened, talk, stats, json));
      } catch (RuntimeException | Error e) {
        keepAfter(e, talk);
        throw e;
      }
      talk.keep();
      return code;
    }
  }

  private int converse(Conversation conversation) {
    if (!shell.terminal().inIsTerminal()) {
      conversation.withPipe(prompt);
      return ExitCode.OK;
    }
    try (MessageSource source = LineEditor.orLines(shell.terminal(), !noHistory)) {
      conversation.withPerson(source, prompt);
      return ExitCode.OK;
    } catch (LeftException e) {
      return ExitCode.INTERRUPTED;
    }
  }

  /** What was said before a failure is kept; if it cannot be, that is told besides. */
  private void keepAfter(Throwable failure, KeptChat talk) {
    try {
      talk.keep();
    } catch (ForegateException e) {
      failure.addSuppressed(e);
      if (!e.getMessage().equals(failure.getMessage())) {
        shell.terminal().complain(e.getMessage(), Hints.of(e));
      }
    }
  }

  private KeptChat talk(Model opened) {
    KeptChat talk = KeptChat.open(opened, options(opened), session);
    if (system != null) {
      if (talk.chat().length() > 0) {
        talk.close();
        throw new UsageException(
            "--system comes too late for the conversation in " + session,
            "Leave --system out to go on (/set system changes it), or begin a new session.");
      }
      talk.system(system);
    }
    return talk;
  }

  /** A model that was not made for chats may never end an answer. */
  private GenerateOptions options(Model opened) {
    return opened.hasChatTemplate()
        ? generation.options(shell.terminal(), UNTIL_THE_ANSWER_ENDS)
        : generation.options(shell.terminal());
  }
}
