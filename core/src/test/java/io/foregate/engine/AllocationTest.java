package io.foregate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.foregate.gguf.GgmlType;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Decoding allocates nothing on any thread, once the JIT has compiled it: until then the Vector API
 * makes an object of every vector.
 */
class AllocationTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final int TOKENS = 64;

  /** The JVM's own threads allocate a little now and then. */
  private static final long BYTES_PER_TOKEN = 16;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(names = {"F16", "Q8_0", "Q4_0", "Q4_K", "Q6_K"})
  void aDecodedTokenAllocatesNothing(GgmlType type) throws IOException {
    TinyModel tiny = TinyModel.mixture("allocation-" + type, type);
    Path file = TinyModelWriter.write(tiny, folder);
    EngineOptions options = EngineOptions.defaults().withThreads(2).withContext(TOKENS);
    try (Engine engine = Engine.open(file, options);
        Session session = engine.newSession()) {
      Instant deadline = Instant.now().plus(PATIENCE);
      long bytes;
      do {
        bytes = bytesPerToken(session, tiny.tokens());
      } while (bytes > BYTES_PER_TOKEN && Instant.now().isBefore(deadline));
      assertThat(bytes).as("bytes per token").isLessThanOrEqualTo(BYTES_PER_TOKEN);
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
