package io.foregate.calibrate;

import io.foregate.engine.Engine;
import io.foregate.engine.GateCollector;
import io.foregate.engine.TextChunks;
import io.foregate.gate.ExpertPredictor;
import io.foregate.gate.FrequencyPredictor;
import io.foregate.gate.GateShape;
import io.foregate.gate.LookaheadGates;
import io.foregate.gate.PreviousTokenPredictor;
import io.foregate.gate.train.GateSamples;
import io.foregate.gate.train.RecallTable;
import io.foregate.gate.train.Reliability;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** How often each predictor is right on held-out text, per text. */
public final class RecallReport {
  static final String ALIGNED = "aligned gates";
  static final String UNTRAINED = "untrained gates";

  /** What all texts together are called. */
  static final String ALL = "all";

  /** Figures of one predictor on one text; index {@code [distance - 1]}, missing ones are null. */
  public record Recalls(
      List<Double> within,
      List<Double> withinTwice,
      List<Double> crossing,
      List<Double> crossingTwice,
      List<Double> token,
      List<Double> tokenTwice) {}

  private final GateShape shape;
  private final Map<String, ExpertPredictor> predictors = new LinkedHashMap<>();

  /** By text, then by predictor. */
  private final Map<String, Map<String, RecallTable>> tables = new LinkedHashMap<>();

  private long tokens;

  RecallReport(Engine engine, LookaheadGates aligned) {
    this.shape = aligned.shape();
    var config = engine.config();
    var weights = engine.weights();
    int horizon = shape.horizon();
    predictors.put(ALIGNED, aligned.predictor(config, weights));
    predictors.put(
        UNTRAINED, LookaheadGates.untrained(config, weights, horizon).predictor(config, weights));
    predictors.put(
        "Mixtral-offloading's",
        LookaheadGates.untrained(config, weights, 1).predictor(config, weights));
    predictors.put(
        "previous token",
        new PreviousTokenPredictor(shape.layers(), shape.experts(), shape.used(), horizon));
    predictors.put(
        "frequency",
        new FrequencyPredictor(shape.layers(), shape.experts(), shape.used(), horizon));
  }

  /** Lets every predictor follow a text. */
  void judge(Engine engine, Path file, TextChunks text, Runnable step) {
    Map<String, RecallTable> ofText = new LinkedHashMap<>();
    predictors.keySet().forEach(name -> ofText.put(name, new RecallTable(shape)));
    try (var collector = new GateCollector(engine, shape)) {
      for (int i = 0; i < text.count(); i++) {
        int[] ids = text.tokens(i);
        tokens += ids.length;
        try (GateSamples samples = collector.collect(ids)) {
          predictors.forEach((name, p) -> ofText.get(name).follow(p, ids, samples));
        }
        step.run();
      }
    }
    tables.put(name(file), ofText);
  }

  private String name(Path file) {
    String name = file.getFileName().toString().replaceFirst("\\.[^.]*$", "");
    return tables.containsKey(name) ? file.toString() : name;
  }

  /** Tokens judged. */
  long tokens() {
    return tokens;
  }

  GateShape shape() {
    return shape;
  }

  /** The texts, and {@value #ALL} where there are several. */
  List<String> texts() {
    List<String> texts = new ArrayList<>(tables.keySet());
    if (texts.size() > 1) {
      texts.add(ALL);
    }
    return texts;
  }

  /** The predictors' names, the aligned gates first. */
  List<String> names() {
    return List.copyOf(predictors.keySet());
  }

  /** The counts of one predictor on one text. */
  RecallTable table(String text, String predictor) {
    return text.equals(ALL)
        ? RecallTable.sum(tables.values().stream().map(t -> t.get(predictor)).toList())
        : tables.get(text).get(predictor);
  }

  /** The share of the untrained gates' gap to perfect recall that alignment closes. */
  double closed(String text, int distance) {
    double before = table(text, UNTRAINED).within(distance, false);
    double after = table(text, ALIGNED).within(distance, false);
    return (after - before) / (1 - before);
  }

  /** Whether the aligned gates' probabilities come true, distance by distance. */
  List<Reliability.Summary> reliability() {
    RecallTable table = table(texts().getLast(), ALIGNED);
    return IntStream.rangeClosed(1, shape.horizon()).mapToObj(table::reliability).toList();
  }

  /** All figures: by text, then by predictor. */
  Map<String, Map<String, Recalls>> figures() {
    Map<String, Map<String, Recalls>> figures = new LinkedHashMap<>();
    for (String text : texts()) {
      Map<String, Recalls> byName = new LinkedHashMap<>();
      for (String name : names()) {
        RecallTable table = table(text, name);
        byName.put(
            name,
            new Recalls(
                distances(j -> table.within(j, false)),
                distances(j -> table.within(j, true)),
                distances(j -> table.crossing(j, false)),
                distances(j -> table.crossing(j, true)),
                distances(j -> table.at(0, j, false)),
                distances(j -> table.at(0, j, true))));
      }
      figures.put(text, byName);
    }
    return figures;
  }

  private List<Double> distances(IntToDoubleFunction recall) {
    List<Double> values = new ArrayList<>();
    for (int j = 1; j <= shape.horizon(); j++) {
      double value = recall.applyAsDouble(j);
      values.add(Double.isNaN(value) ? null : value);
    }
    return values;
  }
}
