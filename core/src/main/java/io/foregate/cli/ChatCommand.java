package io.foregate.cli;

import io.foregate.Chat;
import io.foregate.GenerateOptions;
import io.foregate.Model;
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
      "Every line of standard input is a message; at a terminal, /help lists commands."
    },
    mixinStandardHelpOptions = true)
final class ChatCommand implements Callable<Integer> {
  private static final int UNTIL_THE_ANSWER_ENDS = -1;

  private final Shell shell;

  @Mixin private ModelFlags model;
  @Mixin private GenerationFlags generation;

  @Option(names = "--system", paramLabel = "TEXT", description = "How the model is to behave.")
  private String system;

  @Option(
      names = {"-p", "--prompt"},
      paramLabel = "TEXT",
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

  ChatCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    try (Model opened = model.open(shell.terminal());
        Chat chat = chat(opened)) {
      ModelFlags.tellLongContext(shell.terminal(), opened.context(), opened.trainedContext());
      if (!opened.hasChatTemplate()) {
        shell
            .terminal()
            .message(
                "foregate: the model has no chat template of its own; the conversation is written"
                    + " as plain User: and Assistant: lines.");
      }
      if (system != null) {
        chat.system(system);
      }
      var conversation = new Conversation(shell, opened, chat, stats, json, () -> keep(chat));
      if (shell.terminal().inIsTerminal()) {
        conversation.withPerson(prompt);
      } else {
        conversation.withPipe(prompt);
      }
      keep(chat);
    }
    return ExitCode.OK;
  }

  private Chat chat(Model opened) {
    GenerateOptions options = options(opened);
    if (session == null) {
      return opened.chat(options);
    }
    Chat chat = opened.chat(options, session);
    if (system != null && chat.length() > 0) {
      chat.close();
      throw new UsageException(
          "--system comes too late for the conversation in " + session,
          "Leave --system out to go on, or begin a new session.");
    }
    return chat;
  }

  private void keep(Chat chat) {
    if (session != null) {
      chat.save(session);
    }
  }

  /** A model that was not made for chats may never end an answer. */
  private GenerateOptions options(Model opened) {
    GenerateOptions defaults = GenerateOptions.defaults();
    return generation.options(
        opened.hasChatTemplate() ? defaults.withMaxTokens(UNTIL_THE_ANSWER_ENDS) : defaults);
  }
}
