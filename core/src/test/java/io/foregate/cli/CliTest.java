package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.backend.Backend;
import io.foregate.cli.terminal.Cancellation;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.Shell;
import io.foregate.cli.terminal.Terminal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class CliTest {
  private static final List<String> COMMANDS =
      List.of("run", "chat", "eval", "perplexity", "inspect", "bench", "quantize", "devices");

  @TempDir private Path folder;

  @Test
  void aFileThatIsCutInUseIsNoBug() {
    var cut =
        new ByteArrayOutputStream() {
          @Override
          public synchronized void write(byte[] bytes, int offset, int length) {
            throw new InternalError("a fault occurred in an unsafe memory access operation");
          }
        };
    Invocation.into(cut, new Cancellation(), "devices")
        .fails(ExitCode.FAILURE, "became shorter while it was in use", "check the disk");
  }

  @Test
  void helpNamesEveryCommand() {
    assertThat(Invocation.of("--help").succeeds().out()).contains(COMMANDS);
  }

  @Test
  void everyCommandHelps() {
    for (String command : COMMANDS) {
      assertThat(Invocation.of(command, "--help").succeeds().out())
          .startsWith("Usage: foregate " + command);
    }
  }

  @Test
  void aCommandIsMadeAloneWhereItIsNamed() {
    OutputStream none = OutputStream.nullOutputStream();
    var in = new ByteArrayInputStream(new byte[0]);
    var terminal = new Terminal(in, none, none, false, false, false, StandardCharsets.UTF_8);
    var shell = new Shell(terminal, new Cancellation());
    Set<String> all = Cli.commands(shell).getSubcommands().keySet();
    assertThat(all).containsAll(COMMANDS);
    for (String name : all) {
      for (List<String> line : List.of(List.of(name), List.of("--verbose", name, "chat"))) {
        CommandLine made = Cli.commands(shell, line);
        assertThat(made.getSubcommands().keySet()).containsExactly(name);
        assertThat(made.getSubcommands().get(name).getCommandName()).isEqualTo(name);
      }
    }
    assertThat(Cli.commands(shell, List.of("--version")).getSubcommands()).isEmpty();
    for (List<String> line :
        List.of(List.of("--help"), List.of("help", "run"), List.of("-V", "x"))) {
      assertThat(Cli.commands(shell, line).getSubcommands().keySet())
          .contains("help")
          .containsAll(all);
    }
  }

  @Test
  void versionComesFromTheBuild() {
    assertThat(Invocation.of("--version").succeeds().out())
        .containsPattern("^foregate \\d+\\.\\d+\\.\\d+\\S* \\(([0-9a-f]{10,}(-dirty)?|unknown)\\)");
  }

  @Test
  void badUsageIsToldInASentence() {
    Invocation.of().fails(ExitCode.USAGE, "A command is missing", "foregate --help");
    Invocation.of("inspct").fails(ExitCode.USAGE, "'inspct'", "Did you mean inspect");
    Invocation.of("run", "-p", "x").fails(ExitCode.USAGE, "--model", "foregate run --help");
    Invocation.of("run", "-m", "x", "--promt", "y").fails(ExitCode.USAGE, "--promt", "--prompt");
    Invocation.of("inspect", "x", "--vram", "much").fails(ExitCode.USAGE, "'much'", "8GiB");
  }

  @Test
  void stackTracesAreForVerbose() {
    Path missing = folder.resolve("missing.gguf");
    Invocation.of("inspect", missing).fails(ExitCode.FAILURE, "missing.gguf", "no such file");
    assertThat(Invocation.of("--verbose", "inspect", missing).err()).contains("\tat ");
    assertThat(Invocation.of("inspect", missing, "--verbose").err()).contains("\tat ");
  }

  @Test
  void devicesSaysWhyThereIsNoTornado() {
    assertThat(Invocation.of("devices").succeeds().out())
        .contains("cpu", "tornado", "not found")
        .contains(Runtime.version().toString());
    assertThat(Invocation.of("devices", "--json").succeeds().out())
        .contains("\"name\" : \"cpu\"", "\"vector_kernels\"");
  }

  @Test
  void devicesTriesWhatItWouldChooseOnlyIfAsked() {
    assertThat(Invocation.of("devices").succeeds().out()).doesNotContain("--backend auto");
    assertThat(Invocation.of("devices", "--verbose").succeeds().out())
        .contains("--backend auto may take it");
    assertThat(Invocation.of("devices", "--verbose", "--json").succeeds().out())
        .contains("\"choices\" : [ \"--backend auto may take it");
  }

  @Test
  void devicesSaysWhyABackendDidNotLoad() throws IOException {
    Path services = Files.createDirectories(folder.resolve("META-INF").resolve("services"));
    Files.writeString(services.resolve(Backend.class.getName()), "no.such.Provider");
    Path model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (var loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
      thread.setContextClassLoader(loader);
      assertThat(Invocation.of("devices").succeeds().out())
          .contains("did not load", "no.such.Provider", "cpu ");
      assertThat(Invocation.of("devices", "--json").succeeds().out())
          .contains("\"failures\" : [ \"", "no.such.Provider");
      Invocation.of("run", "-m", model, "-p", "the", "-n", 2, "--backend", "cpu").succeeds();
    } finally {
      thread.setContextClassLoader(before);
    }
  }
}
