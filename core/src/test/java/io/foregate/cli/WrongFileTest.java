package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.cli.terminal.ExitCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Every option that names a file to read, given what is no such file. */
class WrongFileTest {
  @TempDir private Path folder;
  private Path model;
  private Path text;

  @BeforeEach
  void writeModel() throws IOException {
    model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
    text = Files.writeString(folder.resolve("text.txt"), "the hat");
  }

  private List<Object[]> readers(Path file) {
    return Stream.of(
            "run -m FILE -p a",
            "inspect FILE",
            "run -m MODEL -p a --policy lookahead --gates FILE",
            "run -m MODEL -p a --policy oracle --oracle-trace FILE",
            "run -m MODEL -p a --session FILE",
            "simulate --trace FILE --profile t4:q4",
            "quantize --experts Q8_0 --imatrix FILE MODEL " + folder.resolve("out.gguf"),
            "simulate --trace TEXT --profile FILE --expert-slots 50%",
            "align -m MODEL --text FILE -o " + folder.resolve("out.gates"))
        .map(
            words ->
                Stream.of(words.split(" "))
                    .map(
                        word ->
                            switch (word) {
                              case "FILE" -> file;
                              case "MODEL" -> model;
                              case "TEXT" -> text;
                              default -> (Object) word;
                            })
                    .toArray())
        .toList();
  }

  /** Opening a pipe that nobody writes to would block for ever. */
  @Test
  @Timeout(60)
  @EnabledOnOs(OS.LINUX)
  void aPipeADeviceAndAFolderAreTold() throws Exception {
    Path pipe = folder.resolve("pipe");
    Process made = new ProcessBuilder("mkfifo", pipe.toString()).start();
    assertThat(made.waitFor(10, TimeUnit.SECONDS)).isTrue();
    for (Path file : List.of(pipe, Path.of("/dev/zero"), folder)) {
      for (Object[] command : readers(file)) {
        Invocation.of(command).fails(ExitCode.FAILURE, file.toString());
      }
    }
  }

  @Test
  void aMissingFileIsTold() {
    Path missing = folder.resolve("missing");
    for (Object[] command : readers(missing)) {
      if (!List.of(command).contains("--session")) {
        Invocation.of(command).fails(ExitCode.FAILURE, "missing");
      }
    }
  }

  @Test
  void aFileOfAnotherKindIsNamedAndNobodyIsToldToDeleteIt() throws IOException {
    Path page = Files.writeString(folder.resolve("page"), "<!DOCTYPE html><html>Log in</html>");
    Path pointer =
        Files.writeString(folder.resolve("pointer"), "version https://git-lfs.github.com/spec/v1");
    for (Object[] command : readers(page)) {
      if (!List.of(command).contains("align") && !List.of(command).contains("TEXT")) {
        Invocation failed = Invocation.of(command);
        assertThat(failed.code()).isEqualTo(ExitCode.FAILURE);
        assertThat(failed.err()).contains("page").doesNotContainIgnoringCase("delete");
      }
    }
    Invocation.of("run", "-m", pointer, "-p", "a").fails(ExitCode.FAILURE, "a Git LFS pointer");
    Invocation.of("run", "-m", page, "-p", "a").fails(ExitCode.FAILURE, "a web page");
    Invocation.of("run", "-m", model, "-p", "a", "--policy", "lookahead", "--gates", model)
        .fails(ExitCode.FAILURE, "not lookahead gates but a GGUF model");
    Invocation.of("simulate", "--trace", model, "--profile", "t4:q4")
        .fails(ExitCode.FAILURE, "not a routing trace but a GGUF model");
  }

  /** Of both formats, and given in place of a model or in its own place. */
  @Test
  void anImportanceMatrixIsNamed() throws IOException {
    Path imatrix = folder.resolve("a.imatrix");
    Invocation.of("trace", "-m", model, "--text", text, "--imatrix", imatrix)
        .requireExit(ExitCode.OK);
    Invocation.of("run", "-m", imatrix, "-p", "a")
        .fails(ExitCode.FAILURE, "a.imatrix", "is an importance matrix");

    byte[] name = "blk.0.ffn_up.weight".getBytes(StandardCharsets.UTF_8);
    ByteBuffer entry = ByteBuffer.allocate(20 + name.length).order(ByteOrder.LITTLE_ENDIAN);
    entry.putInt(1).putInt(name.length).put(name).putInt(1).putInt(1).putFloat(2);
    Path old = Files.write(folder.resolve("old.dat"), entry.array());
    Invocation.of("run", "-m", old, "-p", "a")
        .fails(ExitCode.FAILURE, "old.dat", "an importance matrix older than GGUF");
    Path out = folder.resolve("q.gguf");
    Invocation.of("quantize", "--experts", "Q8_0", "--imatrix", old, model, out)
        .fails(ExitCode.FAILURE, "an importance matrix older than GGUF", "llama-imatrix");
    Invocation.of("quantize", "--experts", "Q8_0", "--imatrix", text, model, out)
        .fails(ExitCode.FAILURE, "not an importance matrix but a text file");
  }
}
