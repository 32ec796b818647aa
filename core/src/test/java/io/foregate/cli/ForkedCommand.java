package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** A command line in a process of its own, which can be killed. */
public final class ForkedCommand {
  private static final long PATIENCE_SECONDS = 60;

  /** How lines begin that the virtual machine prints, and messages of Foregate's. */
  private static final List<String> MESSAGES = List.of("WARNING: ", "foregate: ", "hint: ");

  private final Process process;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();

  private ForkedCommand(Process process) {
    this.process = process;
  }

  public static ForkedCommand start(Object... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1"); // starts faster
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("--"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    Stream.of(arguments).map(Object::toString).forEach(command::add);
    return new ForkedCommand(new ProcessBuilder(command).redirectErrorStream(true).start());
  }

  /** Waits until something holds, and then kills it as {@code kill -9} does. */
  public void killWhen(BooleanSupplier holds) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!holds.getAsBoolean() && process.isAlive() && System.nanoTime() < deadline) {
      Thread.sleep(1);
    }
    process.destroyForcibly();
    assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
  }

  /** Waits until it has printed some text of its own, which no message is. */
  ForkedCommand untilItGenerates() throws IOException {
    boolean generates = false;
    while (!generates) {
      int next = process.getInputStream().read();
      assertThat(next).as(said.toString(StandardCharsets.UTF_8)).isNotNegative();
      said.write(next);
      generates =
          said.toString(StandardCharsets.UTF_8)
              .lines()
              .anyMatch(line -> !line.isBlank() && !mayBeMessage(line));
    }
    return this;
  }

  private static boolean mayBeMessage(String line) {
    return MESSAGES.stream().anyMatch(begin -> line.startsWith(begin) || begin.startsWith(line));
  }

  /** Its exit code; what it said must have these words. */
  int ends(String... words) throws Exception {
    process.getInputStream().transferTo(said);
    assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(said.toString(StandardCharsets.UTF_8)).contains(words);
    return process.exitValue();
  }
}
