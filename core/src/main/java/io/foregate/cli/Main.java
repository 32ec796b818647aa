package io.foregate.cli;

import io.foregate.cli.terminal.Cancellation;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.Hints;
import io.foregate.cli.terminal.PlatformText;
import io.foregate.cli.terminal.Terminal;
import io.foregate.cli.terminal.UsageException;
import io.foregate.error.ForegateException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Entry point of the {@code foregate} command. */
public final class Main {
  /** How long an interrupted command may take to stop by itself, in seconds: to keep a session. */
  private static final int GRACE_SECONDS = 30;

  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] args) {
    Terminal terminal = Terminal.ofProcess();
    var cancellation = new Cancellation();
    var finished = new CountDownLatch(1);
    Thread command = Thread.currentThread();
    // Ctrl-C starts the shutdown hooks, and the virtual machine then exits with 128 + SIGINT. The
    // hook gives the command time to end its line and to remove what it has half written.
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("foregate-shutdown")
                .unstarted(() -> stop(terminal, cancellation, command, finished)));
    int code;
    try {
      code = Cli.run(terminal, cancellation, PlatformText.arguments(args));
    } catch (UsageException e) {
      terminal.complain(e.getMessage(), Hints.of(e));
      code = ExitCode.USAGE;
    } finally {
      finished.countDown();
    }
    System.exit(code);
  }

  private static void stop(
      Terminal terminal, Cancellation cancellation, Thread command, CountDownLatch finished) {
    if (finished.getCount() == 0) {
      return; // the command has ended by itself
    }
    cancellation.request();
    if (terminal.waitsForInput()) {
      terminal.endLine();
      try {
        cancellation.doBeforeExit();
      } catch (ForegateException e) {
        terminal.complain(e.getMessage(), Hints.of(e));
      }
      return;
    }
    command.interrupt(); // a long prompt looks at nothing else
    try {
      if (!finished.await(GRACE_SECONDS, TimeUnit.SECONDS)) {
        terminal.endLine();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
