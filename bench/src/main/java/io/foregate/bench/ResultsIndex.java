package io.foregate.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.foregate.bench.compare.CompareSummary;
import io.foregate.bench.compare.GrowthResult;
import io.foregate.bench.offload.OffloadCell;
import io.foregate.bench.offload.OffloadMarkdown;
import io.foregate.bench.slice.DeviceResult;
import io.foregate.bench.startup.StartupResult;
import io.foregate.plot.Axis;
import io.foregate.plot.LineChart;
import io.foregate.plot.Series;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * What docs/results holds, one line per result: the program of {@code scripts/results-index}. The
 * index, README.md's table and its picture are made of the results' own files, so that no figure is
 * ever typed; a test holds what is committed to what this makes.
 */
final class ResultsIndex {
  private static final String BEGIN = "<!-- results: written by scripts/results-index -->\n";
  private static final String END = "<!-- end of results -->\n";

  /** The cells of README.md's picture and of its first line on policies. */
  private static final String TYPE = "Q4_K";

  private static final String BUDGET = "25%";
  private static final double LINK_GBPS = 4;

  private final ResultFiles files;
  private final ResultFindings findings;

  /**
   * @param name of the summary, below docs/results
   * @param finding in few words
   * @param raw name of the samples' file
   * @param script what writes them
   */
  private record Entry(String title, String name, String finding, String raw, String script) {}

  /**
   * @param root of the repository
   */
  ResultsIndex(Path root) {
    this.files = new ResultFiles(root.resolve("docs").resolve("results"));
    this.findings = new ResultFindings(files);
  }

  /**
   * @param args root of the repository
   */
  public static void main(String[] args) throws IOException {
    Path root = Path.of(args[0]);
    var index = new ResultsIndex(root);
    Files.writeString(index.files.results().resolve("README.md"), index.text());
    Files.writeString(index.files.results().resolve("overview.svg"), index.picture());
    Path readme = root.resolve("README.md");
    Files.writeString(readme, index.inserted(Files.readString(readme)));
  }

  /** The index. */
  String text() throws IOException {
    var out = new StringBuilder();
    out.append(
        """
        # Results

        Written by `scripts/results-index`, from the files that it lists. The samples of a run are one file; the summary
        beside it is made from them. Where a figure is of a simulation, or of a device that is really the CPU, the
        summary says so.

        | result | in short | samples | written by |
        |---|---|---|---|
        """);
    for (Entry e : entries()) {
      out.append(
          "| [%s](%s) | %s | [%s](%s) | `%s` |\n"
              .formatted(
                  e.title(),
                  e.name(),
                  e.finding(),
                  ResultFiles.fileName(e.raw()),
                  e.raw(),
                  e.script()));
    }
    return out.append("\nThe picture in the project's README is [overview.svg](overview.svg).\n")
        .toString();
  }

  /** README.md with the table as the files have it now. */
  String inserted(String readme) throws IOException {
    int begin = readme.indexOf(BEGIN) + BEGIN.length();
    int end = readme.indexOf(END);
    return readme.substring(0, begin) + table() + readme.substring(end);
  }

  private List<Entry> entries() throws IOException {
    List<Entry> entries = new ArrayList<>();
    entries.add(
        entry(
            CompareSummary.STEM + ".md",
            findings.ofSummary(),
            CompareSummary.STEM + ".json",
            "scripts/bench-compare"));
    for (String stem : files.stems(ResultFiles.COMPARISONS)) {
      entries.add(
          entry(stem + ".md", findings.ofLlamaCpp(stem), stem + ".json", "scripts/bench-compare"));
    }
    for (String folder : files.stems("growth")) {
      entries.add(
          entry(
              folder + "/README.md",
              findings.ofGrowth(folder),
              folder + "/" + GrowthResult.FILE,
              "scripts/bench-growth"));
    }
    for (String stem : files.stems(StartupResult.FILE)) {
      entries.add(
          entry(stem + ".md", findings.ofStartup(), StartupResult.FILE, "scripts/bench-startup"));
    }
    for (String folder : files.stems("offload.*")) {
      entries.add(
          entry(
              folder + "/README.md",
              findings.ofPolicies(folder),
              folder + "/" + OffloadCell.FILE,
              "scripts/bench-offload"));
    }
    for (String folder : files.stems("simulate.*")) {
      entries.add(
          entry(
              folder + "/README.md",
              findings.ofSimulation(folder),
              folder + "/simulation.json",
              "scripts/bench-simulate"));
    }
    for (String stem : files.stems("recall-.*\\.json")) {
      entries.add(
          entry(stem + ".md", findings.ofGates(stem), stem + ".json", "foregate align --report"));
    }
    entries.add(
        entry("schedule.md", findings.ofScheduling(), "schedule.json", "scripts/bench-schedule"));
    entries.add(
        entry(
            "templates.md",
            findings.ofTemplates(),
            "templates.json",
            "scripts/oracle/chat/real-templates"));
    for (String device : files.names("tornado", ".*")) {
      String folder = "tornado/" + device + "/";
      entries.add(
          entry(
              folder + "README.md",
              findings.ofDevice(device),
              folder + DeviceResult.FILE,
              "scripts/gpu-report"));
      for (String name : files.names("tornado/" + device, "jmh-kernels-.*\\.json")) {
        String md = name.replaceFirst("json$", "md");
        entries.add(
            entry(
                folder + md,
                findings.ofSteps(folder + name),
                folder + name,
                "scripts/bench-kernels"));
      }
    }
    return entries;
  }

  private Entry entry(String name, String finding, String raw, String script) throws IOException {
    return new Entry(files.title(name), name, finding, raw, script);
  }

  /** README.md's table. */
  private String table() throws IOException {
    OffloadCell cell = cell(files.policyCells("offload"), LINK_GBPS);
    JsonNode simulation = files.json("simulate/simulation.json");
    String gpu = simulation.path("profiles").path(0).path("name").asText();
    var out = new StringBuilder("| what | result | more |\n|---|---|---|\n");
    row(
        out,
        "Decode, all experts resident, times llama.cpp's speed (CPU, same file and threads)",
        findings.ratios(ResultFindings.DECODE),
        "README.md");
    row(out, "Prefill, the same way", findings.ratios(ResultFindings.PREFILL), "README.md");
    row(
        out,
        String.format(
            Locale.ROOT,
            "Slots for %s of the %s experts, copies at %.0f GB/s (CPU as the device), tokens/s",
            BUDGET,
            TYPE,
            LINK_GBPS),
        speeds(cell),
        "offload/README.md");
    row(
        out,
        "The same with other types, budgets and links",
        findings.ofPolicies("offload"),
        "offload/README.md");
    row(
        out,
        String.format(Locale.ROOT, "Simulated, not measured: %s, tokens/s", gpuTitle(simulation)),
        String.format(
            Locale.ROOT,
            "lru %.1f, lookahead %.1f, hybrid %.1f",
            ResultFindings.simulated(simulation, gpu, "lru"),
            ResultFindings.simulated(simulation, gpu, "lookahead"),
            ResultFindings.simulated(simulation, gpu, "hybrid")),
        "simulate/README.md");
    row(
        out,
        "Gates of the demo model, recall of the experts used",
        findings.ofGates("recall-foregate-demo"),
        "recall-foregate-demo.md");
    row(out, "Time to schedule", findings.ofScheduling(), "schedule.md");
    for (String stem : files.stems(StartupResult.FILE)) {
      row(out, "From start to end, whole processes", findings.ofStartup(), stem + ".md");
    }
    row(
        out,
        "Chat templates of real models, against transformers",
        findings.ofTemplates(),
        "templates.md");
    for (String device : files.names("tornado", ".*")) {
      row(
          out,
          "TornadoVM's backend, device `%s`".formatted(device),
          findings.ofDevice(device),
          "tornado/%s/README.md".formatted(device));
    }
    return out.toString();
  }

  private static void row(StringBuilder out, String what, String result, String file) {
    String name = file.equals("README.md") ? "all" : file.replaceFirst("(/README)?\\.md$", "");
    out.append(
        "| %s | %s | [%s](docs/results/%s) |\n"
            .formatted(what, result, ResultFiles.fileName(name), file));
  }

  private static String gpuTitle(JsonNode simulation) {
    return simulation.path("profiles").path(0).path("title").asText();
  }

  private static OffloadCell cell(List<OffloadCell> cells, double link) {
    return cells.stream()
        .filter(cell -> cell.isOf(false, TYPE, BUDGET, link))
        .findFirst()
        .orElseThrow();
  }

  private static String speeds(OffloadCell cell) {
    return String.format(
        Locale.ROOT,
        "lru %.1f, lookahead %.1f; all experts resident %.1f",
        cell.of(OffloadMarkdown.LRU).tokensPerSecond(),
        cell.of(OffloadMarkdown.LOOKAHEAD).tokensPerSecond(),
        cell.resident().tokensPerSecond());
  }

  /** README.md's picture: what policies make of a slow and of a fast link. */
  String picture() throws IOException {
    List<OffloadCell> cells =
        files.policyCells("offload").stream()
            .filter(cell -> cell.isOf(false, TYPE, BUDGET, cell.settings().linkGbps()))
            .sorted(Comparator.comparingDouble(cell -> cell.settings().linkGbps()))
            .toList();
    List<Series> lines = new ArrayList<>();
    lines.add(line("all experts resident", cells, cell -> cell.resident().tokensPerSecond()));
    for (String policy :
        List.of(
            OffloadMarkdown.LOOKAHEAD, OffloadMarkdown.MIXTRAL, OffloadMarkdown.LRU, "on-demand")) {
      lines.add(line(policy, cells, cell -> cell.of(policy).tokensPerSecond()));
    }
    return new LineChart(
            "Slots for %s of the experts (%s): what policies make of the link"
                .formatted(BUDGET, TYPE),
            Axis.logarithmic("link, GB/s"),
            new Axis("tokens per second", 0, Double.NaN, false),
            lines,
            true)
        .svg();
  }

  private static Series line(
      String name, List<OffloadCell> cells, ToDoubleFunction<OffloadCell> speed) {
    return new Series(
        name,
        cells.stream().mapToDouble(cell -> cell.settings().linkGbps()).toArray(),
        cells.stream().mapToDouble(speed).toArray());
  }
}
