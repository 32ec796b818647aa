package io.foregate.bench.jmh;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.engine.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Formatter;
import java.util.Locale;

/** Puts what JMH measured of {@link ScheduleBenchmark} into a table beside its JSON. */
final class ScheduleReport {
  private ScheduleReport() {}

  /**
   * @param args JMH's JSON; the table goes beside it
   */
  public static void main(String[] args) throws IOException {
    Path json = Path.of(args[0]);
    String name = json.getFileName().toString();
    String table = markdown(new JsonMapper().readTree(json.toFile()), name);
    Files.writeString(json.resolveSibling(name.replaceFirst("\\.json$", ".md")), table);
  }

  private static String markdown(JsonNode results, String json) {
    var out = new Formatter(Locale.ROOT);
    JsonNode first = results.get(0);
    Machine machine = Machine.here();
    out.format("# What scheduling a layer takes%n%n");
    out.format(
        "All decisions about a decoded token's layer and the copies meanwhile: virtual time, nothing is"
            + " copied or%ncomputed. Written by `scripts/bench-schedule`; JMH's samples are in"
            + " [%1$s](%1$s).%n%n",
        json);
    out.format("| layers x experts x used | policy | µs per layer | ± (99.9 %%) |%n");
    out.format("|---|---|---:|---:|%n");
    for (JsonNode result : results) {
      JsonNode score = result.get("primaryMetric");
      out.format(
          "| %s | %s | %.1f | %.1f |%n",
          result.get("params").get("model").asText(),
          result.get("params").get("policy").asText(),
          score.get("score").asDouble(),
          score.get("scoreError").asDouble());
    }
    out.format(
        "%n%d processes with %d samples of %s each, after %d of warm-up. %s, %s.%n",
        first.get("forks").asInt(),
        first.get("measurementIterations").asInt(),
        first.get("measurementTime").asText(),
        first.get("warmupIterations").asInt(),
        machine.cpu(),
        machine.java());
    return out.toString();
  }
}
