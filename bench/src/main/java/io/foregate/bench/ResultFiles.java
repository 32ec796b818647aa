package io.foregate.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.foregate.bench.compare.CompareSummary;
import io.foregate.bench.measure.Report;
import io.foregate.bench.measure.ResultJson;
import io.foregate.bench.offload.OffloadCell;
import io.foregate.bench.startup.StartupResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The files of docs/results, as the measurements wrote them.
 *
 * @param results the folder docs/results
 */
record ResultFiles(Path results) {

  /** Names of the comparisons' files, without that of their summary. */
  static final String COMPARISONS = "compare-(?!summary\\.).*\\.json";

  /** Names that a pattern fits, without {@code .json}. */
  List<String> stems(String pattern) throws IOException {
    return names("", pattern).stream().map(name -> name.replaceFirst("\\.json$", "")).toList();
  }

  List<String> names(String folder, String pattern) throws IOException {
    try (Stream<Path> files = Files.list(results.resolve(folder))) {
      return files
          .map(file -> fileName(file.toString()))
          .filter(name -> name.matches(pattern))
          .sorted()
          .toList();
    }
  }

  static String fileName(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /** Of a summary. */
  String title(String name) throws IOException {
    String title = Files.readString(results.resolve(name)).lines().findFirst().orElseThrow();
    return title.replaceFirst("^# ", "").replaceFirst(" \\(OPENCL.*", "");
  }

  JsonNode json(String name) throws IOException {
    return ResultJson.parse(Files.readString(results.resolve(name)), JsonNode.class);
  }

  Report comparison(String stem) throws IOException {
    return ResultJson.parse(Files.readString(results.resolve(stem + ".json")), Report.class);
  }

  StartupResult startup() throws IOException {
    return ResultJson.parse(
        Files.readString(results.resolve(StartupResult.FILE)), StartupResult.class);
  }

  CompareSummary summary() throws IOException {
    return ResultJson.parse(
        Files.readString(results.resolve(CompareSummary.STEM + ".json")), CompareSummary.class);
  }

  /** All but those of parts of policies. */
  List<OffloadCell> policyCells(String folder) throws IOException {
    return OffloadCell.read(results.resolve(folder)).stream()
        .filter(cell -> !cell.ablations())
        .toList();
  }
}
