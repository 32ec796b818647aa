package io.foregate.cli;

import io.foregate.cli.terminal.Cancellation;
import io.foregate.cli.terminal.Shell;
import io.foregate.cli.terminal.Terminal;
import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine;

/** All commands, for tests that walk their options. */
public final class Commands {
  private Commands() {}

  public static List<CommandLine> all() {
    OutputStream none = OutputStream.nullOutputStream();
    var in = new ByteArrayInputStream(new byte[0]);
    var terminal = new Terminal(in, none, none, false, false, false, StandardCharsets.UTF_8);
    return List.copyOf(
        Cli.commands(new Shell(terminal, new Cancellation())).getSubcommands().values());
  }
}
