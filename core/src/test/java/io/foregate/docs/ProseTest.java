package io.foregate.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds what can be counted of docs/contributing.md's rules for prose. */
class ProseTest {
  private static final int MAX_COLUMNS = 120;

  /** Of a paragraph, or of an entry of a list. */
  private static final int MAX_LINES = 7;

  private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)");
  private static final Pattern START_OF_ENTRY = Pattern.compile("\\s*(-|\\d+\\.) .*");

  static Stream<Path> pages() {
    return Pages.all();
  }

  @ParameterizedTest
  @MethodSource("pages")
  void linesAreShort(Path page) {
    List<Integer> found =
        Pages.prose(page).stream()
            .filter(line -> line.text().length() > MAX_COLUMNS && !line.text().contains("]("))
            .map(Pages.Line::number)
            .toList();
    assertThat(found).as("lines of %s with over %d columns", page, MAX_COLUMNS).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("pages")
  void paragraphsAreShort(Path page) {
    List<Integer> found = new ArrayList<>();
    int length = 0;
    for (Pages.Line line : Pages.prose(page)) {
      if (line.text().isEmpty()) {
        length = 0;
      } else {
        length = START_OF_ENTRY.matcher(line.text()).matches() ? 1 : length + 1;
        if (length == MAX_LINES + 1) {
          found.add(line.number());
        }
      }
    }
    assertThat(found).as("lines of %s that are one too many in a paragraph", page).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("pages")
  void linksLeadSomewhere(Path page) {
    for (String line : Pages.lines(page)) {
      Matcher links = LINK.matcher(line);
      while (links.find()) {
        if (!links.group(1).matches("https?:.*")) {
          requireTarget(page, links.group(1));
        }
      }
    }
  }

  private static void requireTarget(Path page, String link) {
    int hash = (link + "#").indexOf('#');
    Path file = hash == 0 ? page : page.resolveSibling(link.substring(0, hash));
    assertThat(file).as("linked in %s", page).exists();
    if (hash < link.length()) {
      assertThat(file).as("linked in %s", page).matches(Files::isRegularFile);
      assertThat(Pages.lines(file).stream().filter(l -> l.startsWith("#")).map(Pages::anchor))
          .as("headings of %s, linked in %s", file, page)
          .contains(link.substring(hash + 1));
    }
  }
}
