package io.foregate.tornado.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.tornado.device.DeviceThread;
import io.foregate.tornado.device.TornadoSettings;
import io.foregate.tornado.weights.DenseArrays;
import io.foregate.tornado.weights.DenseWeights;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The choice of a copy engine, with engines that are broken in one way or another. */
class CopyChoiceTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");
  private static final int WORDS = 1 << 20;

  private static GgufFile file;
  private static DenseArrays dense;

  @BeforeAll
  static void readWeights() {
    TornadoSettings.apply();
    file = GgufFile.open(DEMO);
    ModelConfig config = ModelConfigReader.read(file);
    dense = DenseWeights.of(config, ModelReader.read(file, config)).arrays();
  }

  @AfterAll
  static void close() {
    file.close();
  }

  /** Writes every word but the last of a copy where it belongs. */
  private record Careless(Upload other) implements Upload {
    @Override
    public void write(MemorySegment source, long from, long bytes, int word) {
      if (bytes > 4) {
        other.write(source, from, bytes - 4, word);
      }
    }

    @Override
    public void close() {
      other.close();
    }
  }

  private final List<String> told = new ArrayList<>();

  private CopyChoice with(CopyEngine wanted, Set<CopyEngine> careless) {
    return new CopyChoice(
        Optional.ofNullable(wanted),
        (engine, memory) ->
            careless.contains(engine) ? new Careless(memory.staged()) : engine.open(memory),
        told::add);
  }

  private static CopyEngine chosen(CopyChoice choice) {
    try (var compute = new DeviceThread("test-compute");
        var memory = choice.open(dense, WORDS, compute)) {
      return memory.engine();
    }
  }

  @Test
  void whatDoesNotWorkHereIsLeftAlone() {
    assertThat(chosen(with(null, Set.of())))
        .isIn(CopyEngine.ENQUEUE, CopyEngine.TRANSFERS); // there is no CUDA in PoCL
  }

  @Test
  void anEngineThatLosesWordsIsNotTaken() {
    assertThat(chosen(with(null, Set.of(CopyEngine.ENQUEUE)))).isEqualTo(CopyEngine.TRANSFERS);
    assertThat(told)
        .anyMatch(s -> s.startsWith("copy engine enqueue left alone: its self-test found byte"))
        .anyMatch(s -> s.startsWith("copy engine: transfers (passed their self-tests: transfers"));
    assertThat(chosen(with(null, Set.of(CopyEngine.CUDA, CopyEngine.TRANSFERS))))
        .isEqualTo(CopyEngine.ENQUEUE);
  }

  @Test
  void whereNoneWorksBesideKernelsCopiesWaitForThem() {
    EnumSet<CopyEngine> beside = EnumSet.complementOf(EnumSet.of(CopyEngine.SYNCHRONOUS));
    assertThat(chosen(with(null, beside))).isEqualTo(CopyEngine.SYNCHRONOUS);
  }

  @Test
  void anEngineThatIsForcedAndCannotSaysWhy() {
    assertThatThrownBy(() -> chosen(with(CopyEngine.ENQUEUE, Set.of(CopyEngine.ENQUEUE))))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("'enqueue' cannot be used: its self-test found byte")
        .hasMessageContaining("to be wrong");
    assertThatThrownBy(() -> chosen(with(CopyEngine.CUDA, Set.of())))
        .isInstanceOfSatisfying(
            ForegateException.class, e -> assertThat(e.hint()).contains("copy engine"))
        .hasMessageContaining("TornadoVM drives the device through OPENCL");
  }
}
