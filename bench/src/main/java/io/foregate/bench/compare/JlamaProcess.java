package io.foregate.bench.compare;

import io.foregate.bench.measure.TimedEngine;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/**
 * Jlama in a process of its own, which {@code scripts/tools/JlamaServer.java} is: so its class path
 * is its own, and so is its JVM. A line to and from it takes some ten microseconds per feed.
 */
final class JlamaProcess implements TimedEngine {
  private static final String READY = "ready ";

  private final Process process;
  private final Writer orders;
  private final BufferedReader answers;
  private final String kernels;
  private int position;

  /**
   * Starts it, and waits until the model is open.
   *
   * @param command with its arguments
   */
  JlamaProcess(List<String> command) throws IOException {
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    orders = process.outputWriter(StandardCharsets.US_ASCII);
    answers = process.inputReader(StandardCharsets.US_ASCII);
    try {
      String first = answer();
      if (!first.startsWith(READY)) {
        throw new IllegalStateException("Jlama's process says '%s'".formatted(first));
      }
      kernels = first.substring(READY.length());
    } catch (RuntimeException | Error e) {
      process.destroy();
      throw e;
    }
  }

  /** What Jlama computes with, in its words. */
  String kernels() {
    return kernels;
  }

  @Override
  public int position() {
    return position;
  }

  @Override
  public void truncate(int to) {
    position = to; // what comes next overwrites the keys and values behind it
  }

  @Override
  public void feed(int[] tokens, int from, int to) {
    var order = new StringBuilder("feed ").append(position);
    for (int i = from; i < to; i++) {
      order.append(' ').append(tokens[i]);
    }
    String answer = ask(order.toString());
    if (!answer.equals("ok")) {
      throw new IllegalStateException("Jlama's process says '%s' to a feed".formatted(answer));
    }
    position += to - from;
  }

  @Override
  public float[] logits() {
    String[] words = ask("logits").strip().split(" ", -1);
    float[] logits = new float[words.length];
    for (int i = 0; i < words.length; i++) {
      logits[i] = Float.parseFloat(words[i]);
    }
    return logits;
  }

  private String ask(String order) {
    try {
      orders.write(order);
      orders.write('\n');
      orders.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("Jlama's process has ended", e);
    }
    return answer();
  }

  private String answer() {
    try {
      String line = answers.readLine();
      if (line == null) {
        throw new IllegalStateException("Jlama's process has ended; its messages are above");
      }
      return line;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      orders.close(); // at which it ends
      process.waitFor();
    } catch (IOException e) {
      process.destroy();
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
    }
  }

  /**
   * The command that starts it on this JVM's JDK, as Jlama's own launcher would.
   *
   * @param arguments of the server
   */
  static List<String> command(String classPath, String server, List<String> arguments) {
    List<String> jvm =
        List.of(
            System.getProperty("java.home") + "/bin/java",
            "-Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0",
            "--add-modules=jdk.incubator.vector",
            "--add-opens=jdk.incubator.vector/jdk.incubator.vector=ALL-UNNAMED",
            "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            classPath,
            server);
    return Stream.concat(jvm.stream(), arguments.stream()).toList();
  }
}
