package io.foregate.bench.jmh;

import io.foregate.backend.BackendModel;
import io.foregate.backend.ExpertMemory;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.bench.measure.SyntheticModel;
import io.foregate.bench.slice.DeviceFlags;
import io.foregate.bench.slice.SliceShape;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.KvType;
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
 * The steps of a layer on each backend, same names and shapes: what it takes from the call until
 * the result is there, launches and all. A token alone and a batch have kernels of their own.
 *
 * <p>Backend {@code tornado} needs TornadoVM's options and Foregate's jar for it in the benchmark's
 * process: {@code scripts/bench-kernels} starts it so. The warm-up is long because the CPU's
 * kernels are slower by orders of magnitude until they are compiled.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(
    value = 1,
    jvmArgs = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 5, time = 1)
public class KernelBenchmark {
  private static final int LAYERS = 1;
  private static final int EXPERTS = 4;
  private static final int USED = 2;
  private static final int CONTEXT = 256;

  /** How far the sequence has come: attention reads as many keys. */
  static final int POSITION = 128;

  /** The first layer: the only one. */
  private static final int LAYER = 0;

  /** Of the backend. */
  @Param({"cpu", "tornado"})
  private String backend;

  /** Widths, see {@link SliceShape}. */
  @Param({"small", "mixtral"})
  private String shape;

  /** Type of the weights. */
  @Param({"Q4_K", "Q3_K", "Q2_K", "Q8_0"})
  private GgmlType type;

  /** Of the batch. */
  @Param({"1", "32"})
  private int tokens;

  private final int[] ids = new int[EXPERTS];
  private Path folder;
  private Path path;
  private GgufFile file;
  private BackendModel model;
  private ExpertMemory experts;
  private Sequence sequence;
  private float[] logits;

  /** Writes and opens a model, and starts a batch. */
  @Setup
  public void open() throws IOException {
    SyntheticModel synthetic = SliceShape.named(shape).model(type, LAYERS, EXPERTS, USED);
    folder = Files.createTempDirectory("foregate-bench");
    path = synthetic.write(folder.resolve("model.gguf"));
    file = GgufFile.open(path);
    ModelConfig config = ModelConfigReader.read(file);
    ModelWeights weights = ModelReader.read(file, config);
    model = DeviceFlags.backend(backend).open(config, weights, 0);
    experts = model.residentExperts();
    sequence = model.newSequence(CONTEXT, KvType.F16);
    logits = new float[tokens * config.vocabulary()];
    int[] batch = new int[tokens];
    for (int i = 0; i < tokens; i++) {
      batch[i] = i;
    }
    sequence.embed(batch, 0, tokens, POSITION);
    attention();
    experts();
  }

  /** Norm, query, key, value, attention itself and its output; with {@code tornado} the router. */
  @Benchmark
  public void attention() {
    sequence.attention(LAYER);
  }

  /** The chosen experts, in one launch if the backend can; with {@code cpu} the router. */
  @Benchmark
  public void experts() {
    Routing routing = sequence.route(LAYER);
    int count = distinct(routing);
    // A resident expert's place is its number.
    sequence.runExperts(LAYER, experts, ids, ids, count);
    sequence.combineExperts(LAYER);
  }

  private int distinct(Routing routing) {
    int count = 0;
    for (int i = 0; i < tokens * USED; i++) {
      int id = routing.ids()[i];
      boolean isNew = true;
      for (int j = 0; j < count; j++) {
        isNew &= ids[j] != id;
      }
      if (isNew) {
        ids[count++] = id;
      }
    }
    return count;
  }

  /** The last norm and the output matrix, of all tokens of the batch. */
  @Benchmark
  public float logits() {
    sequence.logits(0, tokens, logits);
    return logits[0];
  }

  /** Frees all and deletes the model. */
  @TearDown
  public void close() throws IOException {
    sequence.close();
    model.close();
    file.close();
    Files.delete(path);
    Files.delete(folder);
  }
}
