package io.foregate.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.Shell;
import io.foregate.cli.terminal.TextFile;
import io.foregate.cli.terminal.UsageException;
import io.foregate.report.Json;
import io.foregate.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code template}: what a model would see of a conversation. */
@Command(
    name = "template",
    description = {
      "Print what a model would see of a conversation: its chat template, rendered.",
      "The text is printed as it is, without a line break at its end."
    },
    mixinStandardHelpOptions = true)
final class TemplateCommand implements Callable<Integer> {
  private final Shell shell;

  @Parameters(
      paramLabel = "MODEL-OR-FILE",
      description =
          "A GGUF file, or a template: a Jinja file, or a JSON file of Hugging Face's with"
              + " chat_template.")
  private Path source;

  @Option(
      names = "--messages",
      required = true,
      paramLabel = "FILE",
      description =
          "The messages, JSON as in OpenAI's API: a list, or an object with messages and perhaps"
              + " tools; - for standard input.")
  private Path messages;

  @Option(
      names = "--tools",
      paramLabel = "FILE",
      description = "Tools that the model is told of, a list in JSON, in place of the messages'.")
  private Path tools;

  @Option(
      names = "--bos",
      paramLabel = "TEXT",
      description = "What bos_token stands for in a template's file. A model names its own.")
  private String bos;

  @Option(
      names = "--eos",
      paramLabel = "TEXT",
      description = "What eos_token stands for in a template's file. A model names its own.")
  private String eos;

  @Option(
      names = "--no-generation-prompt",
      description = "End with the last message, not with the beginning of the model's answer.")
  private boolean noGenerationPrompt;

  @Option(
      names = "--tokens",
      description = "Of a model: print the tokens, one a line, in place of the text.")
  private boolean tokens;

  @Option(
      names = "--json",
      description = "Print one JSON object: the text and, of a model, the ids of its tokens.")
  private boolean json;

  /** The schema of {@code --json}; a template alone has no tokens. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record Report(String text, int[] tokens) {}

  TemplateCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    boolean isModel = TemplateSource.isModel(source);
    refuseWhatHasNoEffect(isModel);
    MessagesFile file = MessagesFile.parse(name(messages), read(messages));
    List<Map<String, Object>> toolList =
        tools == null
            ? file.tools().orElseGet(List::of)
            : MessagesFile.parseTools(name(tools), read(tools));
    boolean withTools = !toolList.isEmpty();
    TemplateSource found =
        isModel
            ? TemplateSource.ofModel(source, withTools)
            : TemplateSource.ofText(source, read(source), withTools, given());
    String text = found.template().render(file.messages(), toolList, !noGenerationPrompt);
    int[] ids = found.tokenizer().map(tokenizer -> tokenizer.encodeChat(text)).orElse(null);
    if (json) {
      shell.terminal().println(Json.line(new Report(text, ids)));
    } else if (tokens) {
      shell.terminal().print(lines(found.tokenizer().orElseThrow(), ids));
    } else {
      shell.terminal().print(text);
    }
    return ExitCode.OK;
  }

  private void refuseWhatHasNoEffect(boolean isModel) {
    if (isModel && (bos != null || eos != null)) {
      throw new UsageException(
          "--bos and --eos are for a template's file; a model names its own tokens",
          "Leave them out: what is printed is what the model would see.");
    }
    if (!isModel && tokens) {
      throw new UsageException(
          "--tokens needs a model: %s is a template alone".formatted(source),
          "Give the GGUF file, or leave --tokens out.");
    }
    if (tokens && json) {
      throw new UsageException("--json has the tokens already", "Leave --tokens out.");
    }
    if (tools != null
        && name(tools).equals(name(messages))
        && name(tools).equals("standard input")) {
      throw new UsageException(
          "--messages and --tools cannot both be standard input",
          "Put tools beside the messages: {\"messages\": [...], \"tools\": [...]}.");
    }
  }

  private static String name(Path file) {
    return file.toString().equals("-") ? "standard input" : file.toString();
  }

  private String read(Path file) {
    return TextFile.readExactly(file, shell.terminal());
  }

  private Map<String, String> given() {
    var given = new LinkedHashMap<String, String>();
    if (bos != null) {
      given.put("bos_token", bos);
    }
    if (eos != null) {
      given.put("eos_token", eos);
    }
    return given;
  }

  /** Ids and spellings, these as JSON so that line breaks stay on their line. */
  private static String lines(Tokenizer tokenizer, int[] ids) {
    var lines = new StringBuilder();
    for (int id : ids) {
      String text = tokenizer.piece(id);
      lines.append(id).append('\t').append(Json.line(text)).append('\n');
    }
    return lines.toString();
  }
}
