package io.foregate.calibrate;

import io.foregate.engine.Engine;
import io.foregate.engine.Sampler;
import io.foregate.engine.Session;
import io.foregate.error.ForegateException;
import io.foregate.evaluate.NamedText;
import io.foregate.gate.ExpertPredictor;
import io.foregate.gate.GateFile;
import io.foregate.gate.LookaheadGates;
import io.foregate.gate.trace.ScoreSet;
import io.foregate.gate.trace.TraceHeader;
import io.foregate.gate.trace.TraceWriter;
import io.foregate.gguf.ModelHash;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.ModelWeights;
import io.foregate.work.WorkListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;

/**
 * Records how a model routes texts, and what gates said about it. A text is cut into chunks of the
 * context's length, each of which begins with an empty KV cache; tokens are fed one at a time, as
 * in decoding.
 *
 * <pre>{@code
 * try (Engine engine = Engine.open(model, ModelOptions.defaults().withContext(512))) {
 *   Path file = Path.of("model.trace");
 *   TraceRecording.write(engine, texts, TraceOptions.defaults(), file, WorkListener.NONE);
 *   System.out.println(TraceReport.of(file).recall());
 * }
 * }</pre>
 */
public final class TraceRecording {
  private final Engine engine;
  private final TraceOptions options;
  private final WorkListener listener;
  private final int[] one = new int[1];

  private TraceRecording(Engine engine, TraceOptions options, WorkListener listener) {
    this.engine = engine;
    this.options = options;
    this.listener = listener;
  }

  /**
   * Records.
   *
   * @param file the trace to write; one that is there is replaced
   * @param listener told of every token; and of trained gates that are not there
   * @throws ForegateException if the model is dense, an option does not suit it, or a text is empty
   */
  public static void write(
      Engine engine,
      List<NamedText> texts,
      TraceOptions options,
      Path file,
      WorkListener listener) {
    Objects.requireNonNull(engine, "engine");
    Objects.requireNonNull(texts, "texts");
    Objects.requireNonNull(options, "options");
    Objects.requireNonNull(file, "file");
    Objects.requireNonNull(listener, "listener");
    new TraceRecording(engine, options, listener).write(texts, file);
  }

  private void write(List<NamedText> texts, Path file) {
    requireUsable();
    Map<String, ExpertPredictor> predictors = predictors();
    List<int[]> all = TokenizedTexts.encode(engine, texts, options.tokens());
    ModelConfig config = engine.config();
    List<ScoreSet> sets = new ArrayList<>();
    predictors.forEach((name, p) -> sets.add(new ScoreSet(name, p.horizon())));
    var header =
        new TraceHeader(
            ModelHash.of(engine.file()),
            config.name(),
            config.routedLayers(),
            config.experts(),
            config.expertsUsed(),
            sets,
            TokenizedTexts.names(texts));
    try (TraceWriter writer = new TraceWriter(file, header);
        Session session = engine.newSession()) {
      listener.begin("tokens", TokenizedTexts.tokens(all), "tokens");
      var recorder =
          new TraceRecorder(writer, header, List.copyOf(predictors.values()), config.embedding());
      session.onRouting(recorder::routed);
      for (int i = 0; i < all.size(); i++) {
        record(session, recorder, all.get(i), i);
      }
      recorder.flush();
      writer.finish();
    }
  }

  private void requireUsable() {
    if (!engine.config().isMoe()) {
      throw new ForegateException(
          "%s: is a dense model, which routes nothing".formatted(engine.file().path()),
          "Use a Mixture-of-Experts model.");
    }
    requireSuited(engine, options);
  }

  /**
   * Refuses options that do not suit a model with experts, or its context.
   *
   * @throws ForegateException if they do not
   */
  public static void requireSuited(Engine engine, TraceOptions options) {
    Objects.requireNonNull(engine, "engine");
    Objects.requireNonNull(options, "options");
    ModelConfig config = engine.config();
    int asked = horizon(options, config);
    if (asked < 1 || asked >= config.routedLayers()) {
      throw new ForegateException(
          "The horizon is %d, expected 1 to %d, the model's layers with experts less one"
              .formatted(asked, config.routedLayers() - 1),
          "Leave the [[horizon]] out for %d.".formatted(LookaheadGates.defaultHorizon(config)));
    }
    if (options.generated() >= engine.context()) {
      throw new ForegateException(
          "%d tokens are to be generated, and the context of %d needs room for a prompt"
              .formatted(options.generated(), engine.context()),
          "Generate fewer tokens, or give a larger [[context]].");
    }
  }

  private static int horizon(TraceOptions options, ModelConfig config) {
    return options.horizon() == 0 ? LookaheadGates.defaultHorizon(config) : options.horizon();
  }

  /** Everyone whose scores are written down. */
  private Map<String, ExpertPredictor> predictors() {
    ModelConfig config = engine.config();
    ModelWeights weights = engine.weights();
    Map<String, ExpertPredictor> predictors = new LinkedHashMap<>();
    GateFile.find(engine.options().offloading().gates(), engine.file(), config)
        .ifPresentOrElse(
            gates -> predictors.put(ScoreSet.LOOKAHEAD, gates.predictor(config, weights)),
            this::tellUntrained);
    predictors.put(
        ScoreSet.UNTRAINED,
        LookaheadGates.untrained(config, weights, horizon(options, config))
            .predictor(config, weights));
    predictors.put(
        ScoreSet.NEXT_ROUTER,
        LookaheadGates.untrained(config, weights, 1).predictor(config, weights));
    return predictors;
  }

  private void tellUntrained() {
    listener.note(
        "%s is not there: recording without trained gates (see foregate align)."
            .formatted(GateFile.of(engine.file().path())));
  }

  private void record(Session session, TraceRecorder recorder, int[] ids, int text) {
    for (int start = 0; start < ids.length; start += engine.context()) {
      int end = Math.min(start + engine.context(), ids.length);
      chunk(session, recorder, ids, start, end, text);
    }
  }

  /** Every chunk begins with BOS where the model has one, as the text does. */
  private void chunk(
      Session session, TraceRecorder recorder, int[] ids, int start, int end, int text) {
    session.truncate(0);
    OptionalInt bos = engine.tokenizer().bos();
    int generate = options.generated();
    int prompt = generate == 0 ? 0 : Math.max(start + 1, end - generate);
    for (int i = start; i < end; i++) {
      listener.check();
      boolean first = i == start;
      boolean generated = generate > 0 && i >= prompt;
      int id =
          first && bos.isPresent()
              ? bos.getAsInt()
              : generated ? Sampler.argmax(session.logits()) : ids[i];
      recorder.token(id, i < prompt, first, text);
      one[0] = id;
      session.feed(one, 0, 1);
      listener.advance(1);
    }
  }
}
