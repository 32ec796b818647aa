package io.foregate.cli;

import io.foregate.quant.vector.VectorProvider;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Which vector kernels a command that computes would get. A command that computes nothing runs
 * without the vector module, whose warning nobody wants there. Where there is no machine code, it
 * cannot see for itself: it asks a second JVM, started as the launcher would start it.
 */
final class VectorProbe {
  private static final int MAX_SECONDS = 20;

  private VectorProbe() {}

  /** The kernels, and why these: {@link VectorProvider#reason} where a model's arithmetic runs. */
  static String reason() {
    VectorProvider here = VectorProvider.get();
    return here.lacksModule() ? ask() : here.reason();
  }

  /** What a JVM with the module says. */
  static String ask() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String option : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      boolean cache = option.startsWith("-XX:AOT"); // is of a JVM without the module
      if ((option.startsWith("-XX:") && !cache) || option.startsWith("-Dforegate.")) {
        command.add(option);
      }
    }
    command.add("--add-modules=" + VectorProvider.MODULE);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(VectorProbe.class.getName());
    try {
      Process probe =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      try {
        probe.getOutputStream().close();
        if (!probe.waitFor(MAX_SECONDS, TimeUnit.SECONDS) || probe.exitValue() != 0) {
          return unknown("a JVM with %s did not start".formatted(VectorProvider.MODULE));
        }
        return new String(probe.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      } finally {
        probe.destroyForcibly();
      }
    } catch (IOException e) {
      return unknown(e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return unknown("interrupted");
    }
  }

  private static String unknown(String why) {
    return "unknown: " + why;
  }

  /** Run in the second JVM: prints the answer. */
  public static void main(String[] args) throws IOException {
    System.out.write(VectorProvider.get().reason().getBytes(StandardCharsets.UTF_8));
    System.out.flush();
  }
}
