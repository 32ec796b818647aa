package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.cli.terminal.Cancellation;
import io.foregate.cli.terminal.Shell;
import io.foregate.cli.terminal.Terminal;
import io.foregate.quant.vector.VectorProvider;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What scripts/foregate knows of the commands is what they are. */
class LauncherTest {
  private static final Path LAUNCHER = Path.of("../scripts/foregate");
  private static final Pattern LIST = Pattern.compile("vector_commands=\"([a-z ]+)\"");

  private static Map<String, CommandLine> commands() {
    var none = new ByteArrayOutputStream();
    InputStream empty = new ByteArrayInputStream(new byte[0]);
    var terminal = new Terminal(empty, none, none, false, false, false, StandardCharsets.UTF_8);
    return Cli.commands(new Shell(terminal, new Cancellation())).getSubcommands();
  }

  /** A command that opens a model to compute with has the options that say how it computes. */
  private static boolean computes(CommandLine command) {
    return command.getCommandSpec().findOption("--threads") != null
        && command.getCommandSpec().findOption("--backend") != null;
  }

  @Test
  void vectorsAreForTheCommandsThatCompute() throws IOException {
    var list = LIST.matcher(Files.readString(LAUNCHER));
    assertThat(list.find()).isTrue();

    var computing = new TreeSet<String>();
    commands()
        .forEach(
            (name, command) -> {
              if (computes(command)) {
                computing.add(name);
              }
            });
    assertThat(new TreeSet<>(Arrays.asList(list.group(1).split(" ")))).isEqualTo(computing);
  }

  @Test
  void devicesKnowsTheKernelsWithoutTheModule() {
    assertThat(VectorProvider.moduleIsMissing()).as("surefire passes the module").isFalse();
    assertThat(VectorProbe.ask()).isEqualTo(VectorProvider.get().reason());
  }

  @Test
  void theCacheIsMadeByARehearsal() throws IOException {
    assertThat(Files.readString(Path.of("../scripts/aot.sh")))
        .contains(" " + Rehearsal.class.getName() + " ");
  }

  /** It knows of each stream; where Java was started by hand, the JVM knows of its terminal. */
  @Test
  void theLaunchersWordIsTakenBeforeTheConsoles() throws IOException {
    assertThat(Terminal.isTerminal("true", () -> false)).isTrue();
    assertThat(Terminal.isTerminal("false", () -> true)).isFalse();
    assertThat(Terminal.isTerminal(null, () -> true)).isTrue();
    assertThat(Terminal.isTerminal(null, () -> false)).isFalse();
    assertThat(Files.readString(LAUNCHER)).contains("0:stdin 1:stdout 2:stderr", "terminal=false");
  }
}
