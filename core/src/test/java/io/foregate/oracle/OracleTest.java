package io.foregate.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgufFile;
import io.foregate.options.KvType;
import io.foregate.oracle.EngineEvaluation.Feed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Holds the engine to what llama.cpp answered on random models of every shape and weight type. The
 * models are made anew; the answers are golden files (scripts/oracle/update-golden).
 */
class OracleTest {
  @TempDir static Path folder;

  static List<TinyModel> models() {
    return TinyModels.all();
  }

  static List<TinyModel> exactModels() {
    return models().stream().filter(model -> model.precision() == Precision.FLOAT).toList();
  }

  /**
   * The default cache rounds keys and values; exact weights show that it does no more than that.
   */
  @ParameterizedTest
  @MethodSource("exactModels")
  void agreesWithAnF16Cache(TinyModel model) throws IOException {
    Path file = TinyModelWriter.write(model, folder.resolve("f16-cache"));
    for (Feed feed : Feed.values()) {
      EngineEvaluation own = EngineEvaluation.of(file, model.tokens(), feed, KvType.F16);
      Comparison comparison =
          Comparison.of(
              model.name(),
              GoldenFile.of(model.name()).evaluation(),
              own.evaluation(),
              own.routerMargins(),
              model.precision());
      assertThat(comparison.failures()).as(comparison.row()).isEmpty();
    }
  }

  /**
   * One small matrix without effect must show, or the comparison above would be no proof. Where
   * values have biases and a sink takes part of the attention, it shows at few positions.
   */
  @ParameterizedTest
  @MethodSource("models")
  void noticesOneMissingMatrix(TinyModel model) throws IOException {
    Path file = TinyModelWriter.write(model, folder.resolve("damaged"));
    int lastLayer = model.architecture().layers() - 1;
    String values = model.architecture().latent().map(TinyLatent::valueTensor).orElse("attn_v");
    erase(file, "blk.%d.%s.weight".formatted(lastLayer, values));
    EngineEvaluation own = EngineEvaluation.of(file, model.tokens(), Feed.BATCH);
    Comparison comparison =
        Comparison.of(
            model.name(),
            GoldenFile.of(model.name()).evaluation(),
            own.evaluation(),
            own.routerMargins(),
            model.precision());
    assertThat(comparison.failures()).hasSizeGreaterThan(TinyModel.POSITIONS / 20);
  }

  /** Zeroes a tensor: of every type, that is a matrix of zeros. */
  private static void erase(Path file, String tensor) throws IOException {
    long offset;
    int size;
    try (GgufFile gguf = GgufFile.open(file)) {
      offset = gguf.dataOffset() + gguf.tensor(tensor).offset();
      size = Math.toIntExact(gguf.tensor(tensor).byteSize());
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(size), offset);
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void agreesWithLlamaCpp(TinyModel model) throws IOException {
    GoldenFile golden = GoldenFile.of(model.name());
    Path file = TinyModelWriter.write(model, folder);
    assertThat(Sha256.of(file))
        .as(
            "%s is not the file that llama.cpp evaluated: the generator has changed; if it was meant"
                + " to, run scripts/oracle/update-golden",
            file.getFileName())
        .isEqualTo(golden.modelSha256());

    for (Feed feed : Feed.values()) {
      EngineEvaluation own = EngineEvaluation.of(file, model.tokens(), feed);
      Comparison comparison =
          Comparison.of(
              model.name() + " " + feed,
              golden.evaluation(),
              own.evaluation(),
              own.routerMargins(),
              model.precision());
      comparison.excused().forEach(line -> System.out.println(comparison.model() + ": " + line));
      assertThat(comparison.failures()).as(comparison.row()).isEmpty();
    }
  }
}
