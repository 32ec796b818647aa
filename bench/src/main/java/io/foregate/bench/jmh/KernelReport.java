package io.foregate.bench.jmh;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.backend.Backend;
import io.foregate.engine.BackendRegistry;
import io.foregate.engine.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Formatter;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Puts what JMH measured of {@link KernelBenchmark} into a table with a column per backend. */
final class KernelReport {
  private static final List<String> SHAPE = List.of("shape", "type", "tokens");

  private KernelReport() {}

  /**
   * @param args JMH's JSON, beside which the table goes, and the commit that was measured
   */
  public static void main(String[] args) throws IOException {
    Path json = Path.of(args[0]);
    String name = json.getFileName().toString();
    var out = new StringBuilder();
    JsonNode results = new JsonMapper().readTree(json.toFile());
    out.append(
        """
        # The steps of a layer, on each backend

        From the call until the result is there, launches and all, after %d tokens of context. Written by
        `scripts/bench-kernels`; JMH's samples are in [%s](%s).

        """
            .formatted(KernelBenchmark.POSITION, name, name));
    out.append(table(results)).append(footer(results, args[1]));
    for (Backend backend : BackendRegistry.find().usable()) {
      out.append("- %s: %s%n".formatted(backend.name(), backend.description()));
    }
    Files.writeString(json.resolveSibling(name.replaceFirst("\\.json$", ".md")), out);
    System.exit(0); // TornadoVM's threads would stay
  }

  /** A row per step and shape, a column per backend; what was not measured stays empty. */
  static String table(JsonNode results) {
    Set<String> backends = new LinkedHashSet<>();
    Map<List<String>, Map<String, JsonNode>> rows = new LinkedHashMap<>();
    for (JsonNode result : results) {
      JsonNode params = result.path("params");
      String backend = params.path("backend").asText();
      String method = result.path("benchmark").asText().replaceFirst(".*\\.", "");
      List<String> row = new ArrayList<>(List.of(method));
      SHAPE.forEach(param -> row.add(params.path(param).asText()));
      backends.add(backend);
      rows.computeIfAbsent(row, _ -> new LinkedHashMap<>())
          .put(backend, result.path("primaryMetric"));
    }
    var out = new Formatter(Locale.ROOT);
    out.format("| step | shape | weights | tokens |");
    backends.forEach(backend -> out.format(" %s, µs | ± (99.9 %%) |", backend));
    out.format("%n|---|---|---|--:|%s%n", "--:|--:|".repeat(backends.size()));
    rows.forEach(
        (row, scores) -> {
          out.format("| %s |", String.join(" | ", row));
          for (String backend : backends) {
            JsonNode score = scores.get(backend);
            if (score == null) {
              out.format(" | |");
            } else {
              out.format(
                  " %.1f | %.1f |",
                  score.path("score").asDouble(), score.path("scoreError").asDouble());
            }
          }
          out.format("%n");
        });
    return out.toString();
  }

  private static String footer(JsonNode results, String commit) {
    JsonNode first = results.get(0);
    Machine machine = Machine.here();
    return "%n%d samples of %s each, after %d of warm-up. %s, %d cores, %s. Commit %s.%n%n"
        .formatted(
            first.path("measurementIterations").asInt(),
            first.path("measurementTime").asText(),
            first.path("warmupIterations").asInt(),
            machine.cpu(),
            machine.cores(),
            machine.java(),
            commit);
  }
}
