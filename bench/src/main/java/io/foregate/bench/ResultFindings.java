package io.foregate.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.foregate.bench.compare.CompareSummary;
import io.foregate.bench.compare.GrowthResult;
import io.foregate.bench.measure.Report;
import io.foregate.bench.measure.ResultLines;
import io.foregate.bench.offload.OffloadCell;
import io.foregate.bench.offload.OffloadMarkdown;
import io.foregate.bench.slice.DeviceResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** What the results found, each in few words. */
record ResultFindings(ResultFiles files) {
  /** How workloads' names begin. */
  static final String PREFILL = "pp";

  static final String DECODE = "tg";

  String ofLlamaCpp(String stem) throws IOException {
    return files.comparison(stem).results().stream()
            .map(ResultFindings::ratio)
            .collect(Collectors.joining(", "))
        + " times llama.cpp's speed";
  }

  private static String ratio(Report.Result result) {
    return String.format(
        Locale.ROOT,
        "%s%s %.2f",
        result.test().startsWith(PREFILL) ? "prefill" : "decode",
        result.depth() > 0 ? " after %d tokens".formatted(result.depth()) : "",
        result.ratio().ofMedians());
  }

  String ofSummary() throws IOException {
    CompareSummary summary = files.summary();
    return "%d of %d goals reached".formatted(summary.reached(), summary.goals());
  }

  String ofGrowth(String folder) throws IOException {
    return GrowthResult.read(files.results().resolve(folder)).stream()
        .map(GrowthResult::finding)
        .collect(Collectors.joining(", ", "speed against ", ""));
  }

  /** Of the models of random weights, the large ones where there are any, and the demo model. */
  String ratios(String kind) throws IOException {
    List<String> ratios = new ArrayList<>();
    ratio("compare-foregate-demo", kind).ifPresent(r -> ratios.add(r + " demo model (Q8_0)"));
    List<String> large = files.stems(types("mixtral"));
    for (String stem : large.isEmpty() ? files.stems(types("synthetic")) : large) {
      ratio(stem, kind).ifPresent(r -> ratios.add(r + " " + stem.replaceFirst(".*-", "")));
    }
    return String.join(", ", ratios);
  }

  /** Names of a shape's files, without those behind a context. */
  private static String types(String shape) {
    return "compare-%s-[A-Z0-9_]+\\.json".formatted(shape);
  }

  /** Foregate's speed over llama.cpp's. */
  private Optional<String> ratio(String stem, String kind) throws IOException {
    return files.comparison(stem).results().stream()
        .filter(result -> result.test().startsWith(kind))
        .findFirst()
        .map(result -> String.format(Locale.ROOT, "%.2f", result.ratio().ofMedians()));
  }

  String ofPolicies(String folder) throws IOException {
    List<OffloadCell> cells = files.policyCells(folder);
    return String.format(Locale.ROOT, "%d cells: lookahead %s", cells.size(), overLru(cells));
  }

  private static String overLru(List<OffloadCell> cells) {
    List<Double> gains =
        cells.stream()
            .map(cell -> cell.speedup(OffloadMarkdown.LOOKAHEAD, OffloadMarkdown.LRU).median())
            .sorted()
            .toList();
    return String.format(
        Locale.ROOT,
        "%.2f to %.2f times the speed of lru, median %.2f",
        gains.getFirst(),
        gains.getLast(),
        Report.median(gains.stream().mapToDouble(Double::doubleValue)));
  }

  String ofSimulation(String folder) throws IOException {
    JsonNode simulation = files.json(folder + "/simulation.json");
    List<Double> gains = new ArrayList<>();
    for (JsonNode profile : simulation.path("profiles")) {
      String name = profile.path("name").asText();
      gains.add(simulated(simulation, name, "lookahead") / simulated(simulation, name, "lru"));
    }
    gains.sort(Comparator.naturalOrder());
    return String.format(
        Locale.ROOT,
        "modelled, %d profiles: lookahead %.2f to %.2f times the speed of lru",
        gains.size(),
        gains.getFirst(),
        gains.getLast());
  }

  /** Tokens per second that the simulator predicts. */
  static double simulated(JsonNode simulation, String profile, String policy) {
    return stream(simulation.path("results"))
        .filter(result -> result.path("profile").asText().equals(profile))
        .filter(result -> result.path("policy").asText().equals(policy))
        .mapToDouble(result -> result.path("tokens_per_second").asDouble())
        .findFirst()
        .orElseThrow();
  }

  String ofGates(String stem) throws IOException {
    JsonNode recall = files.json(stem + ".json").path("recall").path("all");
    JsonNode aligned = recall.path("aligned gates").path("within");
    JsonNode untrained = recall.path("untrained gates").path("within");
    int last = aligned.size();
    return String.format(
        Locale.ROOT,
        "recall one layer ahead %.3f (untrained %.3f), %d ahead %.3f (%.3f)",
        aligned.path(0).asDouble(),
        untrained.path(0).asDouble(),
        last,
        aligned.path(last - 1).asDouble(),
        untrained.path(last - 1).asDouble());
  }

  String ofScheduling() throws IOException {
    return stream(files.json("schedule.json"))
        .filter(result -> result.path("params").path("policy").asText().equals("lookahead"))
        .map(
            result ->
                String.format(
                    Locale.ROOT,
                    "%.1f µs with %s",
                    result.path("primaryMetric").path("score").asDouble(),
                    result.path("params").path("model").asText()))
        .collect(Collectors.joining(", ", "a layer: ", " (layers x experts x used)"));
  }

  String ofStartup() throws IOException {
    return files.startup().results().stream()
        .filter(started -> started.goalSeconds() != null)
        .map(s -> String.format(Locale.ROOT, "%s %.2f s", s.name(), s.medianSeconds()))
        .collect(Collectors.joining(", "));
  }

  String ofTemplates() throws IOException {
    JsonNode templates = files.json("templates.json");
    int rendered = sum(templates, template -> template.path("rendered").asInt());
    int different = sum(templates, template -> template.path("different").size());
    return String.format(
        Locale.ROOT,
        "%d templates: %d of %d renderings equal",
        templates.size(),
        rendered - different,
        rendered);
  }

  private static int sum(JsonNode list, ToDoubleFunction<JsonNode> count) {
    return (int) stream(list).mapToDouble(count).sum();
  }

  String ofDevice(String device) throws IOException {
    int tests = 0;
    int failed = 0;
    for (JsonNode part :
        ResultLines.read(
            files.results().resolve("tornado").resolve(device).resolve(DeviceResult.FILE),
            JsonNode.class)) {
      tests += part.path("found").path("tests").asInt();
      failed += part.path("found").path("failed").asInt();
    }
    return String.format(Locale.ROOT, "%d of %d tests passed on the device", tests - failed, tests);
  }

  String ofSteps(String name) throws IOException {
    JsonNode steps = files.json(name);
    return String.format(Locale.ROOT, "%d steps timed", steps.size());
  }

  private static Stream<JsonNode> stream(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false);
  }
}
