package io.foregate.cli.flag;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.cli.Invocation;
import io.foregate.cli.TinyGguf;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.convert.HfModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every option that names a file to write: it takes no file's place unless that is asked for, and
 * what cannot be written is told before the work.
 */
class OverwriteTest {
  private static final String NOTES = "notes that nobody has a copy of";

  @TempDir private static Path inputs;
  @TempDir private Path folder;
  private static Path model;
  private static Path text;
  private static Path trace;
  private static Path source;
  private static Path shard;

  @BeforeAll
  static void writeInputs() throws IOException {
    model = TinyGguf.mixture().write(inputs.resolve("tiny.gguf"));
    text = Files.writeString(inputs.resolve("text.txt"), "the hat ate that tea ".repeat(60));
    trace = inputs.resolve("in.trace");
    Invocation.of("trace", "-m", model, "--text", text, "--tokens", 256, "-o", trace)
        .requireExit(ExitCode.OK);
    source = HfModel.of("MixtralForCausalLM").write(inputs.resolve("hf"));
    Path shards = inputs.resolve("shards.gguf");
    Invocation.of("quantize", "--experts", "keep", "--split-max-tensors", 15, model, shards)
        .requireExit(ExitCode.OK);
    shard = inputs.resolve("shards-00002-of-00002.gguf");
  }

  /** A command that writes to the place that {@code OUT} stands for. */
  record Output(String file, List<Object> command) {
    static Output of(String file, Object... command) {
      return new Output(file, List.of(command));
    }

    Object[] to(Path folder, Object... more) {
      List<Object> words = new ArrayList<>();
      command.forEach(
          word ->
              words.add(
                  word.equals("OUT")
                      ? folder.resolve(file)
                      : word.equals("FOLDER") ? folder : word instanceof Path p ? p : word));
      words.addAll(List.of(more));
      return words.toArray();
    }

    @Override
    public String toString() {
      return command.getFirst() + " " + file;
    }
  }

  private static Output align(String file, Object... more) {
    List<Object> words =
        new ArrayList<>(
            List.of("align", "-m", model, "--text", text, "--holdout", text, "--hidden", 2));
    words.addAll(List.of("--tokens", 300, "--ctx", 64, "--passes", 1));
    words.addAll(List.of(more));
    return new Output(file, words);
  }

  static Stream<Output> outputs() {
    return Stream.of(
        align("a.gates", "-o", "OUT"),
        align("recall-tiny.md", "-o", inputs.resolve("other.gates"), "--report", "FOLDER"),
        Output.of("a.trace", "trace", "-m", model, "--text", text, "--tokens", 64, "-o", "OUT"),
        Output.of("a.imatrix", "trace", "-m", model, "--text", text, "--imatrix", "OUT"),
        Output.of(
            "a.json",
            "run",
            "-m",
            model,
            "-p",
            "the",
            "-n",
            2,
            "--policy",
            "lru",
            "--expert-slots",
            "100%",
            "--timeline",
            "OUT"),
        Output.of(
            "a.json",
            "bench",
            "-m",
            model,
            "-p",
            4,
            "-n",
            0,
            "-r",
            1,
            "--policy",
            "lru",
            "--expert-slots",
            "100%",
            "--no-warmup",
            "--timeline",
            "OUT"),
        Output.of(
            "a.json",
            "eval",
            "-m",
            model,
            "--tokens",
            "1,4",
            "--policy",
            "lru",
            "--expert-slots",
            "100%",
            "--timeline",
            "OUT"),
        Output.of("a.gguf", "quantize", "--experts", "Q8_0", model, "OUT"),
        Output.of(
            "a.json",
            "quantize",
            "--experts",
            "Q8_0",
            model,
            inputs.resolve("q.gguf"),
            "--report",
            "OUT"),
        Output.of("a.gguf", "merge", shard, "OUT"),
        Output.of("a.gguf", "convert", source, "-o", "OUT"),
        Output.of(
            "README.md",
            "simulate",
            "--trace",
            trace,
            "--profile",
            "t4:q4",
            "--expert-slots",
            "50%",
            "--warmup",
            4,
            "--out",
            "FOLDER"));
  }

  @ParameterizedTest
  @MethodSource("outputs")
  void takesNoFilesPlace(Output output) throws IOException {
    Path file = Files.writeString(folder.resolve(output.file()), NOTES);
    Invocation refused = Invocation.of(output.to(folder));
    refused.fails(ExitCode.FAILURE, file.getFileName().toString(), "exists", "--force");
    assertThat(file).hasContent(NOTES);
    assertThat(refused.out()).isEmpty();

    Invocation.of(output.to(folder, "--force")).requireExit(ExitCode.OK);
    assertThat(Files.readAllBytes(file)).isNotEqualTo(NOTES.getBytes(StandardCharsets.UTF_8));
    for (Path left : List.of(inputs.resolve("other.gates"), inputs.resolve("q.gguf"))) {
      Files.deleteIfExists(left);
    }
  }

  @ParameterizedTest
  @MethodSource("outputs")
  void saysBeforeTheWorkThatItCannotBeWritten(Output output) throws IOException {
    Path file = Files.writeString(folder.resolve("file"), NOTES);
    Invocation refused = Invocation.of(output.to(file, "--force"));
    refused.fails(ExitCode.FAILURE, file.toString());
    assertThat(refused.out()).isEmpty();
    assertThat(file).hasContent(NOTES);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  private Object[] run(Path session) {
    return new Object[] {"run", "-m", model, "-p", "the", "-n", 2, "--session", session};
  }

  private Object[] chat(Path session) {
    return new Object[] {"chat", "-m", model, "-n", 2, "--json", "--session", session};
  }

  @Test
  void aTextDoesNotTakeAConversationsPlaceNorTheOtherWayRound() throws IOException {
    Path said = folder.resolve("said.session");
    Invocation.withInput("hat\n", chat(said)).requireExit(ExitCode.OK);
    byte[] conversation = Files.readAllBytes(said);
    Invocation.of(run(said)).fails(ExitCode.FAILURE, "said.session", "conversation", "chat");
    assertThat(said).hasBinaryContent(conversation);

    Path text = folder.resolve("text.session");
    Invocation.of(run(text)).succeeds();
    byte[] continued = Files.readAllBytes(text);
    Invocation refused = Invocation.withInput("hat\n", chat(text));
    assertThat(refused.code()).isEqualTo(ExitCode.FAILURE);
    assertThat(refused.err()).contains("text.session", "foregate run");
    assertThat(text).hasBinaryContent(continued);
  }

  @Test
  void aSessionTakesNoOtherFilesPlace() throws IOException {
    Path notes = Files.writeString(folder.resolve("notes"), NOTES);
    Invocation.of(run(notes)).fails(ExitCode.FAILURE, "not a session but a text file");
    Invocation.of(chat(notes)).fails(ExitCode.FAILURE, "not a session but a text file");
    Invocation.of(run(model)).fails(ExitCode.FAILURE, "not a session but a GGUF model");
    assertThat(notes).hasContent(NOTES);
  }

  @Test
  void aTrainingThatWasStoppedIsNotThrownAway() throws IOException {
    Path checkpoint = Files.write(folder.resolve("a.gates.checkpoint"), new byte[10]);
    Invocation.of(align("a.gates", "-o", "OUT").to(folder))
        .fails(ExitCode.FAILURE, "a.gates.checkpoint", "--resume", "--force");
    assertThat(checkpoint).hasBinaryContent(new byte[10]);
  }

  /** One of the two would be lost, by whatever name it is reached. */
  @Test
  void twoOutputsAreNotOneFile() throws IOException {
    Path one = folder.resolve("c");
    Path same = folder.resolve("x").resolve("..").resolve("c");
    Files.createDirectory(folder.resolve("x"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder);
    Object[] policy = {"--policy", "lru", "--expert-slots", "100%", "--timeline", same};
    String both = "--session and --timeline are the same file";
    Invocation.of(with(run(one), policy)).fails(ExitCode.USAGE, both);
    Invocation.of(with(chat(link.resolve("c")), policy)).fails(ExitCode.USAGE, both);
    Invocation.of("trace", "-m", model, "--text", text, "-o", one, "--imatrix", same)
        .fails(ExitCode.USAGE, "--out and --imatrix are the same file");
    Invocation.of(align("c", "-o", "OUT", "--report", one).to(folder))
        .fails(ExitCode.USAGE, "--out and --report are the same file");
    Invocation.of("quantize", "--experts", "Q8_0", model, one, "--report", same)
        .fails(ExitCode.USAGE, "--report and OUT are the same file");
    assertThat(one).doesNotExist();
  }

  @Test
  void whatIsReadIsNotWritten() throws IOException {
    byte[] before = Files.readAllBytes(text);
    Invocation.of(align("c", "-o", text, "--force").to(folder))
        .fails(ExitCode.USAGE, "--text and --out are the same file");
    Invocation.of("trace", "-m", model, "--text", text, "-o", model, "--force")
        .fails(ExitCode.USAGE, "--model and --out are the same file");
    Invocation.of("quantize", "--experts", "Q8_0", model, folder.resolve("o"), "--report", model)
        .fails(ExitCode.USAGE, "--report and IN are the same file");
    assertThat(text).hasBinaryContent(before);
  }

  private static Object[] with(Object[] command, Object... more) {
    return Stream.concat(Stream.of(command), Stream.of(more)).toArray();
  }
}
