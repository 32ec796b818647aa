package io.foregate.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever place in the code a page names is there: who renames one finds the page. */
class PlacesTest {
  private static final Path ADDING = Pages.ROOT.resolve("docs").resolve("adding.md");
  private static final Pattern SPAN = Pattern.compile("`([^`]+)`");

  /** A class, with its packages or without, and perhaps a member. */
  private static final Pattern PLACE =
      Pattern.compile("([a-z]+\\.)+[A-Z]\\w*(\\.[A-Z]\\w*)*(#\\w+)?");

  private static final Pattern FILE = Pattern.compile("[\\w.-]+(/[\\w.-]+)+/?");

  /** A class's name that no other word looks like. */
  private static final Pattern CLASS = Pattern.compile("([A-Z][a-z0-9]+){2,}");

  /** Classes of others. */
  private static final Set<String> FOREIGN =
      Set.of("FloatArray", "HalfFloat", "KernelContext", "ServiceLoader", "TornadoLibraryProvider");

  static Stream<Path> pages() {
    return Pages.all();
  }

  /** What stands in backquotes in a page's prose and tables. */
  private static List<String> spans(List<String> lines) {
    List<String> spans = new ArrayList<>();
    boolean fenced = false;
    for (String line : lines) {
      boolean fence = line.startsWith("```");
      fenced ^= fence;
      if (!fence && !fenced && !line.startsWith("    ")) {
        SPAN.matcher(line).results().forEach(found -> spans.add(found.group(1)));
      }
    }
    return spans;
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyPlaceIsThere(Path page) {
    List<String> missing =
        spans(Pages.lines(page)).stream()
            .map(span -> span.replaceFirst("^io\\.foregate\\.", ""))
            .filter(span -> PLACE.matcher(span).matches())
            .map(Sources::missing)
            .filter(why -> !why.isEmpty())
            .toList();
    assertThat(missing).as("named in %s", page).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyClassIsThere(Path page) {
    Set<String> classes = Sources.classes();
    List<String> missing =
        spans(Pages.lines(page)).stream()
            .filter(span -> CLASS.matcher(span).matches())
            .filter(name -> !classes.contains(name) && !FOREIGN.contains(name))
            .toList();
    assertThat(missing).as("named in %s", page).isEmpty();
  }

  @Test
  void recipesNameFilesThatAreThere() {
    List<String> files =
        spans(Pages.lines(ADDING)).stream()
            .filter(span -> FILE.matcher(span).matches() && !span.contains("/target/"))
            .toList();
    assertThat(files).isNotEmpty();
    assertThat(files).allSatisfy(file -> assertThat(Pages.ROOT.resolve(file)).exists());
  }

  @Test
  void everyRecipeNamesPlacesAndATest() {
    Map<String, List<String>> recipes = new LinkedHashMap<>();
    String title = "";
    for (String line : Pages.lines(ADDING)) {
      if (line.startsWith("## ")) {
        title = line.substring(3);
      }
      recipes.computeIfAbsent(title, _ -> new ArrayList<>()).add(line);
    }
    assertThat(recipes).containsKeys("A model family", "A block format", "A policy", "A kernel");
    recipes.forEach(
        (recipe, lines) -> {
          List<String> places =
              spans(lines).stream().filter(span -> PLACE.matcher(span).matches()).toList();
          if (recipe.startsWith("A ")) {
            assertThat(places).as(recipe).hasSizeGreaterThanOrEqualTo(4);
            assertThat(places).as(recipe).anyMatch(place -> place.contains("Test"));
          }
        });
  }

  /** The check itself: what was renamed is missed. */
  @Test
  void whatIsNotThereIsMissed() {
    assertThat(Sources.missing("schedule.policy.Eviction#rank")).isEmpty();
    assertThat(Sources.missing("schedule.policy.Eviction#order")).endsWith("has no order");
    assertThat(Sources.missing("schedule.policy.Evictions")).contains("no file");
    assertThat(Sources.missing("docs.Pages.Line#number")).isEmpty();
    assertThat(Sources.missing("docs.Pages.Row")).endsWith("has no class Row");
    assertThat(Files.exists(ADDING)).isTrue();
    Matcher place = PLACE.matcher("model.Families");
    assertThat(place.matches()).isTrue();
  }
}
