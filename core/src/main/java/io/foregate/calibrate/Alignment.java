package io.foregate.calibrate;

import io.foregate.engine.Engine;
import io.foregate.engine.GateAlignment;
import io.foregate.engine.TextChunks;
import io.foregate.error.ForegateException;
import io.foregate.files.FileKind;
import io.foregate.files.Target;
import io.foregate.gate.GateFile;
import io.foregate.gate.LookaheadGates;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.ModelHash;
import io.foregate.report.Sizes;
import io.foregate.report.TextFileWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Aligns a model's lookahead gates on calibration text, writes them, and judges what was written on
 * held-out text.
 *
 * <pre>{@code
 * AlignOptions options = AlignOptions.of(texts).withHoldouts(others);
 * var alignment = new Alignment(GateFile.of(model), options);
 * try (Engine engine = Engine.open(model, ModelOptions.defaults().withContext(512))) {
 *   AlignResult result = alignment.run(engine, AlignListener.NONE);
 *   System.out.println(result.gapClosed());
 *   alignment.writeReport(Path.of("report"));
 * }
 * }</pre>
 *
 * <p>Used once, by one thread.
 */
public final class Alignment {
  private final Path target;
  private final Path checkpoint;
  private final AlignOptions options;
  private String stem = "";
  private RecallReport judged;
  private AlignResult result;

  /**
   * @param target the file for the gates; its checkpoint lies beside it
   * @throws ForegateException if it may not be written, or a checkpoint is in the way
   */
  public Alignment(Path target, AlignOptions options) {
    this.target = Objects.requireNonNull(target, "target");
    this.options = Objects.requireNonNull(options, "options");
    this.checkpoint = target.resolveSibling(target.getFileName() + ".checkpoint");
    Target.require(target, FileKind.GATES, options.replace());
    requireCheckpoint();
  }

  /** Hours of training are not thrown away because an option was left out. */
  private void requireCheckpoint() {
    if (options.resume()) {
      Target.require(
          checkpoint, FileKind.CHECKPOINT, true); // its reader says what is wrong with it
    } else if (Files.exists(checkpoint) && !options.replace()) {
      throw new ForegateException(
          checkpoint + ": a training that was stopped has left its checkpoint",
          "Go on from it with [[AlignOptions.resume]], or begin anew with"
              + " [[AlignOptions.replace]].");
    } else {
      Target.require(checkpoint, FileKind.CHECKPOINT, options.replace());
    }
  }

  /**
   * Refuses a folder into which the report of a model could not be written.
   *
   * @throws ForegateException if it cannot
   */
  public void requireReport(Path folder, Path model) {
    TextFileWriter.requireFolder(folder, RecallDocument.names(stem(model)), options.replace());
  }

  private static String stem(Path model) {
    return "recall-" + GgufFile.stem(model);
  }

  /** Aligns, writes and judges. A checkpoint is left behind only when this throws. */
  public AlignResult run(Engine engine, AlignListener listener) {
    Objects.requireNonNull(engine, "engine");
    Objects.requireNonNull(listener, "listener");
    long begin = System.nanoTime();
    double cpuBefore = cpuSeconds();
    int length = Math.min(options.length(), engine.config().contextLength());
    int layers =
        options.horizon() == 0 ? LookaheadGates.defaultHorizon(engine.config()) : options.horizon();
    var alignment =
        new GateAlignment(
            engine,
            options.texts(),
            new GateAlignment.Options(
                layers,
                options.hidden(),
                options.tokens(),
                length,
                options.roundTokens(),
                options.passes(),
                options.seed(),
                checkpoint,
                options.resume()));
    GateAlignment.Result trained = alignment.run(new Teller(listener));
    double seconds = (System.nanoTime() - begin) / 1e9;
    double cpu = cpuSeconds() - cpuBefore;
    ModelHash hash = ModelHash.of(engine.file());
    GateFile.write(target, trained.gates(), hash, facts(trained, engine.config().name()));
    // What is judged is what was written, rounding and all.
    judged = new RecallReport(engine, GateFile.read(target, hash, engine.config()));
    judge(engine, length, listener);
    stem = stem(engine.file().path());
    result = result(engine, trained, hash, seconds, cpu);
    delete(checkpoint);
    return result;
  }

  /** Hands on what the training tells. */
  private record Teller(AlignListener listener) implements GateAlignment.Listener {
    @Override
    public void begun(int done, int total) {
      listener.begin("align", total, "chunks");
      listener.advance(done);
    }

    @Override
    public void collected() {
      listener.check();
      listener.advance(1);
    }

    @Override
    public void trained(int round, int rounds, double loss, double recall) {
      listener.trained(round, rounds, loss, recall);
    }
  }

  private static double cpuSeconds() {
    return ProcessHandle.current()
        .info()
        .totalCpuDuration()
        .map(time -> time.toNanos() / 1e9)
        .orElse(0.0);
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new ForegateException(
          "%s: cannot be deleted: %s".formatted(file, e.getMessage()), "Delete it by hand.", e);
    }
  }

  private Map<String, String> facts(GateAlignment.Result trained, String name) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put(GateFile.MODEL_NAME, name);
    facts.put("trained_tokens", Long.toString(trained.tokens()));
    facts.put("passes", Integer.toString(options.passes()));
    facts.put("seed", Long.toString(options.seed()));
    facts.put("validation_recall_at_k", String.format(Locale.ROOT, "%.4f", trained.recall()));
    return facts;
  }

  private void judge(Engine engine, int length, AlignListener listener) {
    int chunks = Math.ceilDiv(options.holdoutTokens(), length);
    Map<Path, TextChunks> texts = new LinkedHashMap<>();
    for (Path file : options.holdouts()) {
      texts.put(file, new TextChunks(List.of(file), engine.tokenizer(), length, chunks));
    }
    listener.begin("judge", texts.values().stream().mapToLong(TextChunks::count).sum(), "chunks");
    texts.forEach(
        (file, text) ->
            judged.judge(
                engine,
                file,
                text,
                () -> {
                  listener.check();
                  listener.advance(1);
                }));
  }

  private AlignResult result(
      Engine engine, GateAlignment.Result trained, ModelHash hash, double seconds, double cpu) {
    Map<String, List<Double>> closed = new LinkedHashMap<>();
    for (String text : judged.texts()) {
      closed.put(
          text,
          IntStream.rangeClosed(1, judged.shape().horizon())
              .mapToObj(j -> judged.closed(text, j))
              .toList());
    }
    return new AlignResult(
        engine.file().path().getFileName().toString(),
        hash.hex(),
        target.getFileName().toString(),
        size(target),
        judged.shape(),
        options.seed(),
        trained.tokens(),
        options.passes(),
        trained.rounds(),
        trained.planned(),
        trained.recall(),
        seconds,
        cpu,
        engine.threads(),
        judged.tokens(),
        judged.figures(),
        closed,
        options.holdouts().isEmpty() ? List.of() : judged.reliability());
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new ForegateException(
          "%s: cannot be looked at: %s".formatted(file, e.getMessage()), "Check the disk.", e);
    }
  }

  /**
   * Writes what {@link #run} found as a folder: Markdown, JSON and charts.
   *
   * @throws IllegalStateException if it has not run, or there was no held-out text
   */
  public void writeReport(Path folder) {
    if (result == null || options.holdouts().isEmpty()) {
      throw new IllegalStateException("nothing has been judged");
    }
    new RecallDocument(judged, stem, result, told(result)).write(folder);
  }

  private static Map<String, String> told(AlignResult r) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("model", "%s, hash `%.12s`".formatted(r.model(), r.modelHash()));
    facts.put(
        "gates",
        "%s, %s: horizon %d, hidden layer of %d"
            .formatted(
                r.gates(), Sizes.text(r.gatesBytes()), r.shape().horizon(), r.shape().hidden()));
    facts.put(
        "trained on",
        "%,d tokens of calibration text, %d passes, seed %d; %d of %d rounds"
            .formatted(r.trainedTokens(), r.passes(), r.seed(), r.rounds(), r.plannedRounds()));
    facts.put(
        "took",
        String.format(
            Locale.ROOT,
            "%.0f s on %d threads, %.0f s of CPU time",
            r.seconds(),
            r.threads(),
            r.cpuSeconds()));
    facts.put("judged on", "%,d held-out tokens".formatted(r.holdoutTokens()));
    return facts;
  }
}
