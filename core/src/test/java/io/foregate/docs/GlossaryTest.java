package io.foregate.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds docs/glossary.md to the code that its terms name. */
class GlossaryTest {
  private static final Path GLOSSARY = Pages.ROOT.resolve("docs/glossary.md");
  private static final Pattern CLASS = Pattern.compile("`([A-Z]\\w+)`");
  private static final int COLUMNS = 3;

  private static List<List<String>> rows() {
    return Pages.lines(GLOSSARY).stream()
        .filter(line -> line.startsWith("| ") && !line.startsWith("| term"))
        .map(line -> Stream.of(line.split("\\|", -1)).skip(1).map(String::strip).toList())
        .map(cells -> cells.subList(0, cells.size() - 1))
        .toList();
  }

  private static Set<String> classes() throws IOException {
    try (Stream<Path> files = Files.walk(Pages.ROOT)) {
      return files
          .map(Path::toString)
          .filter(file -> file.contains("/src/main/java/") && file.endsWith(".java"))
          .map(file -> file.substring(file.lastIndexOf('/') + 1, file.length() - ".java".length()))
          .collect(Collectors.toSet());
    }
  }

  @Test
  void everyTermNamesItsPlaceInTheCode() throws IOException {
    Set<String> classes = classes();
    assertThat(rows()).hasSizeGreaterThan(40);
    for (List<String> row : rows()) {
      assertThat(row).as("columns of %s", row).hasSize(COLUMNS).doesNotContain("");
      List<String> named = CLASS.matcher(row.getLast()).results().map(MatchResult::group).toList();
      assertThat(named).as("classes of %s", row).isNotEmpty();
      assertThat(named.stream().map(name -> name.replace("`", "")))
          .as("classes of '%s'", row.getFirst())
          .isSubsetOf(classes);
    }
  }

  @Test
  void termsAreInOrderAndThereOnce() {
    List<String> section = new ArrayList<>();
    Set<String> terms = rows().stream().map(List::getFirst).collect(Collectors.toSet());
    assertThat(terms).hasSameSizeAs(rows());
    for (String line : Pages.lines(GLOSSARY)) {
      if (line.startsWith("## ")) {
        assertThat(section).isSortedAccordingTo(String.CASE_INSENSITIVE_ORDER);
        section.clear();
      } else if (line.startsWith("| ") && !line.startsWith("| term")) {
        section.add(line.split("\\|", -1)[1].strip());
      }
    }
    assertThat(section).isSortedAccordingTo(String.CASE_INSENSITIVE_ORDER);
  }
}
