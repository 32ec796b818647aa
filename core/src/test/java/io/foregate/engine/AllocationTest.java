package io.foregate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.foregate.gguf.GgmlType;
import io.foregate.options.ModelOptions;
import io.foregate.oracle.TinyDeepSeek;
import io.foregate.oracle.TinyDeltaNets;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Decoding allocates nothing on any thread, once the JIT has compiled it: until then the Vector API
 * makes an object of every vector. Measured in a JVM of its own, as {@code foregate run} is: what
 * the JIT inlines depends on all that ran before, and here that would be the tests of other
 * classes.
 */
class AllocationTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int TOKENS = 64;

  /** The JVM's own threads allocate a little now and then. */
  private static final long BYTES_PER_TOKEN = 16;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(names = {"F16", "Q8_0", "Q4_0", "Q4_K", "Q6_K"})
  void aDecodedTokenAllocatesNothing(GgmlType type) throws Exception {
    assertAllocatesNothing(TinyModel.mixture("allocation-" + type, type));
  }

  @Test
  void norWithLatentAttention() throws Exception {
    assertAllocatesNothing(
        TinyDeepSeek.lite("allocation-joint", GgmlType.Q8_0, GgmlType.Q4_K, 256));
    assertAllocatesNothing(TinyDeepSeek.grouped("allocation-split", Map.of()));
  }

  @Test
  void norWithDeltaNets() throws Exception {
    assertAllocatesNothing(TinyDeltaNets.quantized("allocation-delta"));
  }

  private void assertAllocatesNothing(TinyModel tiny) throws Exception {
    Path file = TinyModelWriter.write(tiny, folder);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("--") || argument.startsWith("-Dforegate."))
        .forEach(command::add);
    // What is inlined, and so which vectors become objects, would depend on how busy the machine
    // is.
    command.add("-XX:-BackgroundCompilation");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Probe.class.getName(), file.toString(), tiny.name()));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    assertThat(Long.parseLong(out.strip()))
        .as("bytes per token")
        .isLessThanOrEqualTo(BYTES_PER_TOKEN);
  }

  /** Prints the bytes that a decoded token allocates, as soon as they are few or patience ends. */
  static final class Probe {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Probe() {}

    public static void main(String[] args) {
      ModelOptions options = ModelOptions.defaults().withThreads(2).withContext(TOKENS);
      int[] tokens = TinyModel.mixture(args[1], GgmlType.F32).tokens();
      try (Engine engine = Engine.open(Path.of(args[0]), options);
          Session session = engine.newSession()) {
        Instant deadline = Instant.now().plus(PATIENCE);
        long bytes;
        do {
          bytes = bytesPerToken(session, tokens);
        } while (bytes > BYTES_PER_TOKEN && Instant.now().isBefore(deadline));
        System.out.println(bytes);
      }
    }

    private static long bytesPerToken(Session session, int[] tokens) {
      session.truncate(0);
      long before = THREADS.getTotalThreadAllocatedBytes();
      for (int i = 0; i < TOKENS; i++) {
        session.feed(tokens, i, i + 1);
      }
      return (THREADS.getTotalThreadAllocatedBytes() - before) / TOKENS;
    }
  }
}
