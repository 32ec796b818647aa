package io.foregate.cli;

import io.foregate.backend.ImportanceCollector;
import io.foregate.backend.ImportanceMatrix;
import io.foregate.engine.Engine;
import io.foregate.engine.EngineOptions;
import io.foregate.engine.PredictionOptions;
import io.foregate.engine.Sampler;
import io.foregate.engine.Session;
import io.foregate.gate.ExpertPredictor;
import io.foregate.gate.GateFile;
import io.foregate.gate.LookaheadGates;
import io.foregate.gate.trace.ScoreSet;
import io.foregate.gate.trace.TraceFile;
import io.foregate.gate.trace.TraceHeader;
import io.foregate.gate.trace.TraceStatistics;
import io.foregate.gate.trace.TraceWriter;
import io.foregate.gguf.ModelHash;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelWeights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code trace}: records how a model routes texts, and what gates said about it, for {@code
 * simulate}. A text is cut into stretches of the context's length, each of which begins with an
 * empty KV cache; tokens are fed one at a time, as in decoding.
 */
@Command(
    name = "trace",
    description = "Record which experts a model uses on given texts, and what gates predict.",
    mixinStandardHelpOptions = true)
final class TraceCommand implements Callable<Integer> {
  private static final int DEFAULT_TOKENS = 2048;

  private final Shell shell;

  @Mixin private ModelFlags model;

  @Option(
      names = "--text",
      required = true,
      arity = "1..*",
      paramLabel = "FILE",
      description = "Texts, UTF-8.")
  private List<Path> texts;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description = "The trace to write.")
  private Path out;

  @Option(
      names = "--imatrix",
      paramLabel = "FILE",
      description =
          "Write how much each input of each matrix matters on these texts, for foregate quantize"
              + " and llama.cpp's llama-quantize; with all experts resident, on the CPU.")
  private Path imatrix;

  @Option(
      names = "--horizon",
      paramLabel = "K",
      description =
          "Layers that untrained gates look ahead. Default: 8, or all others of a model with fewer.")
  private Integer horizon;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      description = "Tokens of each text, -1 for all. Default: ${DEFAULT-VALUE}.")
  private int tokens = DEFAULT_TOKENS;

  @Option(
      names = "--generate",
      paramLabel = "N",
      description =
          "Instead of going on with the text, let the model generate the last N tokens of each "
              + "stretch, greedily. What comes before them is marked as its prompt.")
  private int generate;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  /** The schema of {@code --json}. */
  private record Report(
      String trace,
      String model,
      String modelHash,
      long bytes,
      List<ScoreSet> sets,
      List<String> texts,
      Map<String, List<Double>> recall,
      TraceStatistics statistics) {}

  TraceCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    Flags.requireCountOrAll("--tokens", tokens, 1);
    Flags.requireNotNegative("--generate", generate);
    if (out == null && imatrix == null) {
      throw new UsageException("nothing is to be written", "Give --out, --imatrix, or both.");
    }
    EngineOptions options = model.options();
    if (imatrix != null) {
      measureInputs(options);
    }
    if (out == null) {
      return ExitCode.OK;
    }
    try (Engine engine = model.openEngine(shell.terminal(), options)) {
      requireUsable(engine.config(), engine.context());
      record(engine, predictors(engine));
    }
    print();
    return ExitCode.OK;
  }

  /** Reads the texts in batches, as the importance of inputs asks for no order. */
  private void measureInputs(EngineOptions options) {
    EngineOptions resident =
        options.withBackend("cpu").withExperts(EngineOptions.defaults().experts());
    try (Engine engine = model.openEngine(shell.terminal(), resident);
        Session session = engine.newSession()) {
      List<int[]> all = texts.stream().map(file -> read(engine, file)).toList();
      var collector = new ImportanceCollector(engine.file());
      session.onProducts(collector);
      int chunks = 0;
      long total = all.stream().mapToLong(text -> text.length).sum();
      try (Progress progress = Progress.of(shell.terminal(), "tokens", total)) {
        for (int[] ids : all) {
          for (int start = 0; start < ids.length; start += engine.context(), chunks++) {
            shell.cancellation().check();
            int end = Math.min(start + engine.context(), ids.length);
            session.truncate(0);
            session.feed(ids, start, end);
            progress.step(end - start);
          }
        }
      }
      ImportanceMatrix matrix = collector.matrix();
      List<String> names = texts.stream().map(file -> file.getFileName().toString()).toList();
      matrix.write(imatrix, names, chunks, engine.context());
      // With --json, standard output has one object, the trace's.
      if (!json) {
        shell
            .terminal()
            .println(
                "%s: importance of the inputs of %d tensors, %d tokens of %d texts"
                    .formatted(imatrix, matrix.size(), total, texts.size()));
      }
    }
  }

  private void requireUsable(ModelConfig config, int context) {
    if (!config.isMoe()) {
      throw new CommandException(
          "%s: is a dense model, which routes nothing".formatted(model.model),
          "Use a Mixture-of-Experts model.");
    }
    int asked = horizon(config);
    if (asked < 1 || asked >= config.routedLayers()) {
      throw new UsageException(
          "--horizon is %d, expected 1 to %d, the model's layers with experts less one"
              .formatted(asked, config.routedLayers() - 1),
          "Leave it out for %d.".formatted(LookaheadGates.defaultHorizon(config)));
    }
    if (generate >= context) {
      throw new UsageException(
          "--generate is %d, and the context of %d needs room for a prompt"
              .formatted(generate, context),
          "Generate fewer tokens, or give a larger --ctx.");
    }
  }

  private int horizon(ModelConfig config) {
    return horizon == null ? LookaheadGates.defaultHorizon(config) : horizon;
  }

  /** Everyone whose scores are written down. */
  private Map<String, ExpertPredictor> predictors(Engine engine) {
    PredictionOptions predictions = engine.options().experts().predictions();
    ModelConfig config = engine.config();
    ModelWeights weights = engine.weights();
    Map<String, ExpertPredictor> predictors = new LinkedHashMap<>();
    predictions
        .trainedGates(engine.file(), config)
        .ifPresentOrElse(
            gates -> predictors.put(ScoreSet.LOOKAHEAD, gates.predictor(config, weights)),
            this::tellUntrained);
    predictors.put(
        ScoreSet.UNTRAINED,
        LookaheadGates.untrained(config, weights, horizon(config)).predictor(config, weights));
    predictors.put(
        ScoreSet.NEXT_ROUTER,
        LookaheadGates.untrained(config, weights, 1).predictor(config, weights));
    return predictors;
  }

  private void tellUntrained() {
    shell
        .terminal()
        .message(
            "foregate: %s is not there: recording without trained gates (see foregate align)."
                .formatted(GateFile.of(model.model)));
  }

  private void record(Engine engine, Map<String, ExpertPredictor> predictors) {
    List<int[]> all = texts.stream().map(file -> read(engine, file)).toList();
    ModelConfig config = engine.config();
    List<ScoreSet> sets = new ArrayList<>();
    predictors.forEach((name, p) -> sets.add(new ScoreSet(name, p.horizon())));
    List<String> names = texts.stream().map(file -> file.getFileName().toString()).toList();
    var header =
        new TraceHeader(
            ModelHash.of(engine.file()),
            config.name(),
            config.routedLayers(),
            config.experts(),
            config.expertsUsed(),
            sets,
            names);
    long total = all.stream().mapToLong(text -> text.length).sum();
    try (TraceWriter writer = new TraceWriter(out, header);
        Session session = engine.newSession();
        Progress progress = Progress.of(shell.terminal(), "tokens", total)) {
      var recorder =
          new TraceRecorder(writer, header, List.copyOf(predictors.values()), config.embedding());
      session.onRouting(recorder::routed);
      var run = new Run(engine, session, recorder, progress);
      for (int i = 0; i < all.size(); i++) {
        run.text(all.get(i), i);
      }
      recorder.flush();
      writer.finish();
    }
  }

  private int[] read(Engine engine, Path file) {
    int[] ids = engine.tokenizer().encode(TextFile.read(file), true, false);
    int count = tokens < 0 ? ids.length : Math.min(tokens, ids.length);
    if (count == 0) {
      throw new CommandException(file + ": is empty", "Give a longer text.");
    }
    return Arrays.copyOf(ids, count);
  }

  /** Feeds texts, one token at a time. */
  private final class Run {
    private final Engine engine;
    private final Session session;
    private final TraceRecorder recorder;
    private final Progress progress;
    private final int[] one = new int[1];

    Run(Engine engine, Session session, TraceRecorder recorder, Progress progress) {
      this.engine = engine;
      this.session = session;
      this.recorder = recorder;
      this.progress = progress;
    }

    void text(int[] ids, int text) {
      for (int start = 0; start < ids.length; start += engine.context()) {
        stretch(ids, start, Math.min(start + engine.context(), ids.length), text);
      }
    }

    /** Every stretch begins with BOS where the model has one, as the text does. */
    private void stretch(int[] ids, int start, int end, int text) {
      session.truncate(0);
      OptionalInt bos = engine.tokenizer().bos();
      int prompt = generate == 0 ? 0 : Math.max(start + 1, end - generate);
      for (int i = start; i < end; i++) {
        shell.cancellation().check();
        boolean first = i == start;
        boolean generated = generate > 0 && i >= prompt;
        int id =
            first && bos.isPresent()
                ? bos.getAsInt()
                : generated ? Sampler.argmax(session.logits()) : ids[i];
        recorder.token(id, i < prompt, first, text);
        one[0] = id;
        session.feed(one, 0, 1);
        progress.step(1);
      }
    }
  }

  private void print() {
    try (TraceFile trace = TraceFile.open(out)) {
      TraceStatistics statistics = TraceStatistics.of(trace);
      Map<String, List<Double>> recall = recall(trace);
      if (json) {
        shell.terminal().println(Json.pretty(report(trace, statistics, recall)));
        return;
      }
      shell
          .terminal()
          .println(
              "%s: %d tokens of %d texts, %s"
                  .formatted(out, trace.tokens(), texts.size(), Sizes.text(trace.bytes())));
      shell.terminal().print(repetition(statistics) + "\n" + recallTable(trace.header(), recall));
    }
  }

  private Report report(
      TraceFile trace, TraceStatistics statistics, Map<String, List<Double>> recall) {
    TraceHeader header = trace.header();
    return new Report(
        out.toString(),
        header.modelName(),
        header.model().hex(),
        trace.bytes(),
        header.sets(),
        header.texts(),
        recall,
        statistics);
  }

  /** Recall@k of every set, distance by distance. */
  private static Map<String, List<Double>> recall(TraceFile trace) {
    Map<String, List<Double>> all = new LinkedHashMap<>();
    TraceHeader header = trace.header();
    for (int set = 0; set < header.sets().size(); set++) {
      List<Double> values = new ArrayList<>();
      for (int j = 1; j <= header.sets().get(set).horizon(); j++) {
        values.add(TraceStatistics.recall(trace, set, j, header.used()));
      }
      all.put(header.sets().get(set).name(), values);
    }
    return all;
  }

  private static String repetition(TraceStatistics statistics) {
    var table =
        new Table("  ", "rrrr").row("layer", "repeats first", "repeats any", "largest share");
    for (int layer = 0; layer < statistics.layers().size(); layer++) {
      TraceStatistics.Layer l = statistics.layers().get(layer);
      double largest = l.share().stream().mapToDouble(v -> v).max().orElseThrow();
      table.row(layer, percent(l.repeatsFirst()), percent(l.repeatsAny()), percent(largest));
    }
    return table.toString();
  }

  private static String recallTable(TraceHeader header, Map<String, List<Double>> recall) {
    var text = new StringBuilder("recall@" + header.used() + " by distance\n");
    recall.forEach(
        (name, values) -> {
          text.append("  ").append(name);
          values.forEach(v -> text.append("  ").append(String.format(Locale.ROOT, "%.3f", v)));
          text.append('\n');
        });
    return text.toString();
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
