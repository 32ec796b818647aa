package io.foregate.bench.jmh;

import io.foregate.bench.measure.SyntheticModel;
import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.gguf.GgmlType;
import io.foregate.options.ModelOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One decoded token of a small model that the caches hold: what the forward pass costs besides
 * reading weights. With {@code -prof gc} it shows what a token allocates.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(
    value = 1,
    jvmArgs = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 5, time = 2)
public class DecodeBenchmark {
  private static final int CONTEXT = 256;

  /** Type of the weights. */
  @Param({"Q8_0", "Q4_K"})
  private GgmlType type;

  /** Compute threads. */
  @Param({"1", "2"})
  private int threads;

  private final int[] token = {1};
  private Path folder;
  private Engine engine;
  private Session session;

  /** Writes and opens the model. */
  @Setup
  public void open() throws IOException {
    folder = Files.createTempDirectory("foregate-bench");
    Path file = SyntheticModel.small(type).write(folder.resolve("model.gguf"));
    engine = Engine.open(file, ModelOptions.defaults().withThreads(threads).withContext(CONTEXT));
    session = engine.newSession();
  }

  /** Feeds one token, at positions that go round the context. */
  @Benchmark
  public float decode() {
    if (session.position() == session.capacity()) {
      session.truncate(0);
    }
    session.feed(token, 0, 1);
    return session.logits()[0];
  }

  /** Deletes the model. */
  @TearDown
  public void close() throws IOException {
    session.close();
    engine.close();
    Files.delete(folder.resolve("model.gguf"));
    Files.delete(folder);
  }
}
