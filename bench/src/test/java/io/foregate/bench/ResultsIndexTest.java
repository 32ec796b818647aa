package io.foregate.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.foregate.bench.compare.CompareSummary;
import io.foregate.bench.measure.ResultLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the repository says of its results is what their files say. */
class ResultsIndexTest {
  private static final Path ROOT = Path.of("..");
  private static final Path RESULTS = ROOT.resolve("docs").resolve("results");
  private static final Pattern LINK = Pattern.compile("]\\(([^)#]+)\\)");

  private final ResultsIndex index = new ResultsIndex(ROOT);

  @Test
  void theIndexIsWhatTheFilesSay() throws IOException {
    assertThat(RESULTS.resolve("README.md"))
        .as("run scripts/results-index")
        .hasContent(index.text());
    assertThat(RESULTS.resolve("overview.svg"))
        .as("run scripts/results-index")
        .hasContent(index.picture());
  }

  @Test
  void soIsTheTableInTheReadme() throws IOException {
    String readme = Files.readString(ROOT.resolve("README.md"));
    assertThat(readme)
        .as("run scripts/results-index")
        .contains("docs/results/overview.svg")
        .isEqualTo(index.inserted(readme));
  }

  @Test
  void soIsTheSummaryOfComparisons(@TempDir Path folder) throws IOException {
    for (Path file : comparisons()) {
      Files.copy(file, folder.resolve(file.getFileName()));
    }
    CompareSummary.write(folder);
    for (String name : List.of(CompareSummary.STEM + ".json", CompareSummary.STEM + ".md")) {
      assertThat(RESULTS.resolve(name))
          .as("run scripts/bench-compare")
          .hasSameTextualContentAs(folder.resolve(name));
    }
  }

  private static List<Path> comparisons() throws IOException {
    try (Stream<Path> files = Files.list(RESULTS)) {
      return files.filter(f -> f.getFileName().toString().matches("compare-.*json")).toList();
    }
  }

  @Test
  void everyFileIsListedAndEveryLinkLeadsToOne() throws IOException {
    Set<Path> listed = new HashSet<>();
    collect(RESULTS.resolve("README.md"), listed);
    try (Stream<Path> files = Files.walk(RESULTS)) {
      List<Path> all = files.filter(Files::isRegularFile).map(Path::normalize).toList();
      assertThat(listed).containsExactlyInAnyOrderElementsOf(all);
    }
  }

  /** The Markdown file, and what it and its results' summaries link. */
  private static void collect(Path markdown, Set<Path> listed) throws IOException {
    if (!listed.add(markdown.normalize())) {
      return;
    }
    Matcher links = LINK.matcher(Files.readString(markdown));
    while (links.find()) {
      Path linked = markdown.resolveSibling(links.group(1)).normalize();
      assertThat(linked).as("linked in %s", markdown).exists();
      if (linked.toString().endsWith(".md")) {
        collect(linked, listed);
      } else {
        listed.add(linked);
      }
    }
  }

  @Test
  void everyLineOfSamplesNamesItsSchema() throws IOException {
    try (Stream<Path> files = Files.walk(RESULTS)) {
      for (Path file : files.filter(f -> f.toString().endsWith(ResultLines.SUFFIX)).toList()) {
        List<JsonNode> lines = ResultLines.read(file, JsonNode.class);
        assertThat(lines).as("%s", file).isNotEmpty();
        assertThat(lines)
            .as("%s", file)
            .allSatisfy(line -> assertThat(line.path("schema").asInt()).isPositive());
      }
    }
  }
}
