package io.foregate.calibrate;

import io.foregate.backend.ImportanceCollector;
import io.foregate.backend.ImportanceMatrix;
import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.evaluate.NamedText;
import io.foregate.options.BackendName;
import io.foregate.options.ModelOptions;
import io.foregate.options.Offloading;
import io.foregate.work.WorkListener;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * Measures how much each input of each matrix matters on some texts, for quantizing.
 *
 * <pre>{@code
 * try (Engine engine = Engine.open(model, ImportanceMeasurement.suited(options))) {
 *   Path file = Path.of("model.imatrix.gguf");
 *   ImportanceMeasurement.write(engine, texts, 100_000, file, WorkListener.NONE);
 * }
 * }</pre>
 */
public final class ImportanceMeasurement {
  private ImportanceMeasurement() {}

  /**
   * What was written.
   *
   * @param tensors whose inputs were met
   * @param tokens that were read
   */
  public record Result(int tensors, long tokens) {}

  /** The same options as a measurement needs them: all experts resident, on the CPU. */
  public static ModelOptions suited(ModelOptions options) {
    Objects.requireNonNull(options, "options");
    return options.withBackend(BackendName.CPU).withOffloading(Offloading.resident());
  }

  /**
   * Reads texts in batches, as the importance of inputs asks for no order, and writes an importance
   * matrix.
   *
   * @param engine opened with {@link #suited} options
   * @param tokens of each text, at most; negative for all
   */
  public static Result write(
      Engine engine, List<NamedText> texts, int tokens, Path file, WorkListener listener) {
    Objects.requireNonNull(engine, "engine");
    Objects.requireNonNull(texts, "texts");
    Objects.requireNonNull(file, "file");
    Objects.requireNonNull(listener, "listener");
    List<int[]> all = TokenizedTexts.encode(engine, texts, tokens);
    long total = TokenizedTexts.tokens(all);
    var collector = new ImportanceCollector(engine.file());
    int chunks = 0;
    listener.begin("tokens", total, "tokens");
    try (Session session = engine.newSession()) {
      session.onProducts(collector);
      for (int[] ids : all) {
        for (int start = 0; start < ids.length; start += engine.context(), chunks++) {
          listener.check();
          int end = Math.min(start + engine.context(), ids.length);
          session.truncate(0);
          session.feed(ids, start, end);
          listener.advance(end - start);
        }
      }
    }
    ImportanceMatrix matrix = collector.matrix();
    matrix.write(file, TokenizedTexts.names(texts), chunks, engine.context());
    return new Result(matrix.size(), total);
  }
}
