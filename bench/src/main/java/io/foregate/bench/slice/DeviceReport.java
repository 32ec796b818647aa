package io.foregate.bench.slice;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.foregate.bench.measure.ResultLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Formatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The summary of what {@code scripts/gpu-report} found on a device, for people: {@code DeviceReport
 * FOLDER} reads the results there and writes its README.md.
 */
final class DeviceReport {
  /** A result, and the name of its part, the driver behind it. */
  private record Part(String name, JsonNode result) {
    JsonNode found() {
      return result.path("found");
    }

    String driver() {
      return name.substring(name.lastIndexOf('-') + 1);
    }
  }

  private final List<Part> parts;
  private final List<String> timelines;
  private final Formatter out = new Formatter(Locale.ROOT);

  private DeviceReport(List<Part> parts, List<String> timelines) {
    this.parts = parts;
    this.timelines = timelines;
  }

  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    List<JsonNode> results = lastOfEachPart(folder.resolve(DeviceResult.FILE));
    List<Part> parts = results.stream().map(result -> new Part(name(result), result)).toList();
    String text = new DeviceReport(parts, timelines(folder)).text();
    Files.writeString(folder.resolve("README.md"), text);
    System.out.print(text);
  }

  private static List<String> timelines(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith("-timeline.json"))
          .sorted()
          .toList();
    }
  }

  /** By the parts' names. A part that has run again leaves its older lines out of the file. */
  private static List<JsonNode> lastOfEachPart(Path file) throws IOException {
    List<JsonNode> lines = ResultLines.read(file, JsonNode.class);
    Map<String, JsonNode> last = new TreeMap<>();
    lines.forEach(result -> last.put(name(result), result));
    List<JsonNode> results = List.copyOf(last.values());
    if (!results.equals(lines)) {
      ResultLines.write(file, results);
    }
    return results;
  }

  private static String name(JsonNode result) {
    return result.path("part").asText();
  }

  private String text() {
    introduction();
    tests();
    agreement();
    slots();
    kernels();
    prefill();
    links();
    decoding();
    return out.toString();
  }

  private List<Part> of(String prefix) {
    return parts.stream().filter(part -> part.name().startsWith(prefix)).toList();
  }

  private void introduction() {
    out.format("# %s%n", parts.getFirst().result().path("device").asText());
    out.format(
        "%nWritten by `scripts/gpu-report`; every figure is in [%1$s](%1$s).%n%n",
        DeviceResult.FILE);
    out.format("| part | when | commit | load | machine |%n|---|---|---|--:|---|%n");
    for (Part part : parts) {
      JsonNode result = part.result();
      String commit = result.path("commit").asText();
      out.format(
          "| %s | %s | %s | %.1f | %s, %d cores, %s |%n",
          part.name(),
          result.path("time").asText(),
          commit.length() > 10
              ? commit.substring(0, 10) + (commit.endsWith("-dirty") ? "-dirty" : "")
              : commit,
          result.path("load").asDouble(),
          result.path("machine").path("cpu").asText(),
          result.path("machine").path("cores").asInt(),
          result.path("machine").path("java").asText());
    }
    for (String timeline : timelines) {
      out.format("%nA timeline for Perfetto: [%1$s](%1$s).%n", timeline);
    }
  }

  private void tests() {
    for (Part part : of("test-")) {
      out.format(
          "%n## Tests: %s%n%n%d tests on the device, %d failed, %d skipped.%n%n",
          part.name(),
          part.found().path("tests").asInt(),
          part.found().path("failed").asInt(),
          part.found().path("skipped").asInt());
      out.format("| test | passed | worst normalised error |%n|---|--:|--:|%n");
      Map<String, List<JsonNode>> cases = new LinkedHashMap<>();
      for (JsonNode test : part.found().path("cases")) {
        cases.computeIfAbsent(testClass(test), _ -> new ArrayList<>()).add(test);
      }
      cases.forEach(
          (name, all) ->
              out.format("| %s | %d of %d | %s |%n", name, passed(all), all.size(), worst(all)));
      for (JsonNode test : part.found().path("cases")) {
        if (!test.path("passed").asBoolean()) {
          out.format("%nFailed: %s%n", test.path("test").asText());
        }
      }
    }
  }

  private static String testClass(JsonNode test) {
    return test.path("test").asText().replaceFirst("[. |].*", "");
  }

  private static long passed(List<JsonNode> tests) {
    return tests.stream().filter(test -> test.path("passed").asBoolean()).count();
  }

  /** Empty where no test measured one. */
  private static String worst(List<JsonNode> tests) {
    OptionalDouble worst =
        tests.stream()
            .filter(test -> test.has("worst_error"))
            .mapToDouble(test -> test.path("worst_error").asDouble())
            .max();
    return worst.isEmpty() ? "" : String.format(Locale.ROOT, "%.1e", worst.getAsDouble());
  }

  private void agreement() {
    if (of("agreement-").isEmpty()) {
      return;
    }
    out.format(
        """

        ## Agreement with the CPU backend, teacher-forced

        | policy | positions | same best token | near-ties | mean KL divergence | experts routed otherwise | on the CPU |
        |---|--:|--:|--:|--:|--:|--:|
        """);
    for (Part part : of("agreement-")) {
      JsonNode found = part.found();
      out.format(
          "| %s | %d | %d | %d | %.1e | %d of %d | %d |%n",
          part.result().path("settings").path("policy").asText(),
          found.path("positions").asInt(),
          found.path("same_best_token").asInt(),
          found.path("near_ties").asInt(),
          found.path("mean_kl_divergence").asDouble(),
          found.path("routed_otherwise").asInt(),
          found.path("routed_experts").asInt(),
          found.path("experts_on_the_processor").asInt());
    }
  }

  private void slots() {
    if (of("slots-").isEmpty()) {
      return;
    }
    out.format(
        """

        ## Slots under attack

        | copy engine | reads | copies beside them | words per record | words of another record |
        |---|--:|--:|--:|--:|
        """);
    for (Part part : of("slots-")) {
      out.format(
          "| %s | %,d | %,d | %,d | %d |%n",
          part.result().path("settings").path("copy_engine").asText(),
          part.found().path("reads").asLong(),
          part.found().path("copies_beside_them").asLong(),
          part.result().path("settings").path("words_of_a_record").asLong(),
          part.found().path("words_of_another_record").asLong());
    }
  }

  /** The device's own copy bandwidth through a driver; NaN where it was not measured. */
  private double memorySpeed(String driver) {
    return of("memory-" + driver).stream()
        .mapToDouble(part -> part.found().path("median_gbps").asDouble())
        .findFirst()
        .orElse(Double.NaN);
  }

  private void kernels() {
    for (Part part : of("kernels-")) {
      double copy = memorySpeed(part.driver());
      out.format(
          """

          ## Kernels (%s, slice %s)

          Device time of single launches, by TornadoVM's profiler; bytes are those of the weights. A copy within the device's
          memory moves %.2f GB/s, bytes read and written.

          | type | kernel | task | us | GB/s | of the copy |
          |---|---|---|--:|--:|--:|
          """,
          part.driver(), part.result().path("settings").path("slice").asText(), copy);
      for (JsonNode kernel : part.found()) {
        boolean reads = kernel.path("bytes").asLong() > 0;
        double gbps = kernel.path("gbps").asDouble();
        out.format(
            Locale.ROOT,
            "| %s | %s | %s.%s | %.1f | %s | %s |%n",
            kernel.path("type").asText(),
            kernel.path("method").asText(),
            kernel.path("graph").asText(),
            kernel.path("task").asText(),
            kernel.path("micros").asDouble(),
            reads ? String.format(Locale.ROOT, "%.2f", gbps) : "",
            reads ? String.format(Locale.ROOT, "%.0f %%", 100 * gbps / copy) : "");
      }
    }
  }

  private void prefill() {
    for (Part part : of("prefill-")) {
      out.format(
          """

          ## Batches (%s, slice %s)

          Tokens of a batch over the median of the times of batches, all layers of the slice.

          | type | variant | tokens per second | of the portable one |
          |---|---|--:|--:|
          """,
          part.driver(), part.result().path("settings").path("slice").asText());
      double portable = Double.NaN;
      for (JsonNode batch : part.found()) {
        String type = batch.path("type").asText();
        String variant = batch.path("variant").asText();
        if (batch.path("unusable").isTextual()) {
          out.format("| %s | %s | %s | |%n", type, variant, batch.path("unusable").asText());
          continue;
        }
        double speed = batch.path("tokens_per_second").asDouble();
        portable = variant.equals("portable") ? speed : portable;
        out.format("| %s | %s | %.1f | %.2f |%n", type, variant, speed, speed / portable);
      }
    }
  }

  /** The most that page-locked memory gives a driver, GB/s; NaN where it was not measured. */
  private double busSpeed(String driver) {
    return bus(driver).path("peak_gbps").asDouble(Double.NaN);
  }

  private JsonNode bus(String driver) {
    return of("bus-" + driver).stream()
        .findFirst()
        .map(Part::found)
        .orElseGet(MissingNode::getInstance);
  }

  private void links() {
    for (Part part : of("link-")) {
      double peak = busSpeed(part.driver());
      out.format(
          """

          ## Copies to expert slots, alone and beside kernels (%s, slice %s)

          Hidden: 1 - (time of both - kernels alone) / copies alone, the median of windows of so much kernel time per copy time.
          %s

          | copy engine | GB/s | best | of the peak | hidden |
          |---|--:|--:|--:|---|
          """,
          part.driver(), part.result().path("settings").path("slice").asText(), busText(part));
      for (JsonNode engine : part.found()) {
        if (engine.path("unusable").isTextual()) {
          out.format(
              "| %s | | | | not here: %s |%n",
              engine.path("engine").asText(), engine.path("unusable").asText());
          continue;
        }
        List<String> hidden = new ArrayList<>();
        for (JsonNode window : engine.path("windows")) {
          hidden.add(
              String.format(
                  Locale.ROOT,
                  "%.0f %% at %.1f",
                  100 * window.path("hidden").asDouble(),
                  window.path("kernels_over_copies").asDouble()));
        }
        out.format(
            Locale.ROOT,
            "| %s | %.2f | %.2f |%s | %s |%n",
            engine.path("engine").asText(),
            engine.path("gbps").asDouble(),
            engine.path("best_gbps").asDouble(),
            Double.isNaN(peak)
                ? ""
                : String.format(
                    Locale.ROOT, " %.0f %%", 100 * engine.path("gbps").asDouble() / peak),
            String.join(", ", hidden));
      }
    }
  }

  private String busText(Part part) {
    double peak = busSpeed(part.driver());
    return Double.isNaN(peak)
        ? "The bus's peak was not measured: "
            + bus(part.driver()).path("not_measured").asText("part bus has not run")
            + "."
        : String.format(
            Locale.ROOT, "Of page-locked memory the bus moves at most %.2f GB/s: its peak.", peak);
  }

  private void decoding() {
    List<Part> cells = of("decode-");
    if (cells.isEmpty()) {
      return;
    }
    out.format(
        """

        ## Decoding a slice

        Generated weights; routing and gate scores replayed from the demo model's trace. Copy share: copy time / (copy time +
        compute time) of `lru` without overlap. Overlap alone can gain at most 1 / max(c, 1 - c) - 1 over it: beyond that a
        policy must copy less, or (`hybrid`) compute where the experts are. Bound: 1 / max(computing, copies of a clairvoyant cache).

        | driver | experts | slots | computing | copy share | overlap alone | link | bound | policy | tok/s | of the bound | over lru |
        |---|---|--:|--:|--:|--:|--:|--:|---|--:|--:|---|
        """);
    for (Part cell : cells) {
      JsonNode found = cell.found();
      int tokens = cell.result().path("settings").path("tokens").asInt();
      double share = found.path("copy_share").asDouble();
      for (JsonNode policy : found.path("policies")) {
        out.format(
            Locale.ROOT,
            "| %s | %s | %s | %.2f | %.2f | %+.0f %% | %.1f GB/s | %.2f | %s | %.2f | %.0f %% |"
                + " %+.1f %% (%+.1f .. %+.1f) |%n",
            cell.driver(),
            found.path("type").asText(),
            found.path("budget").asText(),
            tokens * 1e9 / found.path("compute_nanos").asDouble(),
            share,
            100 * (1 / Math.max(share, 1 - share) - 1),
            found.path("link_gbps").asDouble(),
            found.path("bound").asDouble(),
            policy.path("policy").asText(),
            policy.path("tokens_per_second").asDouble(),
            100 * policy.path("share_of_bound").asDouble(),
            percent(policy, "median"),
            percent(policy, "low"),
            percent(policy, "high"));
      }
    }
  }

  private static double percent(JsonNode policy, String which) {
    return 100 * (policy.path("over_lru").path(which).asDouble() - 1);
  }
}
