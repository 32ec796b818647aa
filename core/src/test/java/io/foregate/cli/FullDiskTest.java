package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.convert.HfModel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The system takes no more bytes in the middle of a file. A limit on the size of files (ulimit -f)
 * makes writes fail as a full disk does, after some have succeeded, and needs no disk of its own.
 */
@EnabledOnOs(OS.LINUX)
class FullDiskTest {
  private static final int LIMIT_KIB = 16;

  @TempDir private Path folder;
  private Path results;

  @BeforeEach
  void makeFolder() throws IOException {
    results = Files.createDirectory(folder.resolve("results"));
  }

  private record Failed(int exit, String said) {}

  private Failed run(Object... arguments) throws Exception {
    return run(LIMIT_KIB, arguments);
  }

  private Failed run(int limitKib, Object... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    String limited = "ulimit -f " + limitKib + " && exec \"$@\"";
    command.addAll(List.of("bash", "-c", limited, "limited"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:-UsePerfData"); // a file, too
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("--"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    Stream.of(arguments).map(Object::toString).forEach(command::add);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Failed(process.exitValue(), said);
  }

  private void requireClean(Failed failed, Path out, String... kept) throws IOException {
    assertThat(failed.said())
        .contains(out + ": cannot write the file", "Check the disk", "; the disk has ");
    assertThat(failed.said()).containsPattern("after [0-9,]+ bytes");
    assertThat(failed.exit()).isEqualTo(ExitCode.FAILURE);
    try (Stream<Path> files = Files.list(results)) {
      assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrder(kept);
    }
  }

  @Test
  void quantizeLeavesNothing() throws Exception {
    Path model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
    assertThat(Files.size(model)).isGreaterThan(2L * LIMIT_KIB * 1024);
    Path out = results.resolve("small.gguf");
    requireClean(run("quantize", "--experts", "q8_0", model, out), out);
    Files.writeString(out, "precious");
    requireClean(run("quantize", "--experts", "q8_0", "--force", model, out), out, "small.gguf");
    assertThat(out).hasContent("precious");
  }

  /** What was generated is printed all the same. */
  @Test
  void aSessionThatCannotBeKeptLosesNoText() throws Exception {
    Path model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
    Path session = results.resolve("a.session");
    for (String command : List.of("run", "chat")) {
      Object[] words = {
        command, "-m", model, "-p", "the", "-n", 8, "--json", "--session", session, "--temp", 0
      };
      Failed failed = run(1, words);
      requireClean(failed, session);
      JsonNode printed =
          new JsonMapper().readTree(failed.said().substring(failed.said().indexOf('{')));
      assertThat(printed.at("/text").asText()).as(command).isNotEmpty();
      assertThat(printed.at("/tokens").asInt()).isEqualTo(8);
    }
  }

  @Test
  void convertLeavesNothing() throws Exception {
    Path source = folder.resolve("hf");
    HfModel.of("MixtralForCausalLM").write(source);
    Path out = results.resolve("converted.gguf");
    requireClean(run("convert", source, "-o", out), out);
  }
}
