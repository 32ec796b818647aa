package io.foregate.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.error.ForegateException;
import io.foregate.model.Families;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.Forecast;
import io.foregate.schedule.state.Usage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What docs/adding.md shows is code that works, and the rows that it asks for are there. */
class RecipesTest {
  private static final Path DOCS = Pages.ROOT.resolve("docs");
  private static final Pattern NAME = Pattern.compile("`([a-z0-9-]+)`");

  /** The names in the first column of the table whose head begins so. */
  private static List<String> firstColumn(String page, String head) {
    List<String> lines = Pages.lines(DOCS.resolve(page));
    return lines.subList(lines.indexOf(head) + 2, lines.size()).stream()
        .takeWhile(line -> line.startsWith("|"))
        .map(line -> line.split("\\|", -1)[1])
        .flatMap(cell -> NAME.matcher(cell).results().map(found -> found.group(1)))
        .toList();
  }

  @Test
  void thePolicysRuleIsTheOneThatIsShown() throws IOException {
    String source =
        Files.readString(Path.of("src/test/java/io/foregate/docs/LeastFrequentlyUsed.java"));
    assertThat(Files.readString(DOCS.resolve("adding.md")))
        .contains("```java\n" + source.substring(source.indexOf("/** LFU")) + "```");
  }

  @Test
  void andItKeepsWhatIsUsedOften() {
    var grid = new ExpertGrid(1, 2, 1);
    var usage = new Usage(grid);
    for (int token = 0; token < 20; token++) {
      int chosen = token % 4 == 0 ? 1 : 0;
      usage.routed(0, new int[] {1 - chosen, chosen}, 1);
    }
    Policy lfu = Policy.lru().withName("lfu").withEviction(new LeastFrequentlyUsed());
    var forecast = new Forecast(grid, usage, 0, false);
    assertThat(lfu.eviction().rank(forecast, 1)).isLessThan(lfu.eviction().rank(forecast, 0));
  }

  @Test
  void everyPolicyHasARow() {
    assertThat(firstColumn("command.md", "| policy | what it does |"))
        .containsExactlyInAnyOrderElementsOf(Policy.all().stream().map(Policy::name).toList());
  }

  @Test
  void everyFamilyHasARow() {
    List<String> documented = firstColumn("models.md", "| GGUF architecture | models |");
    String known = "";
    try {
      Families.of("none", "FILE");
    } catch (ForegateException e) {
      known = e.hint();
    }
    MatchResult list =
        Pattern.compile("Supported architectures: ([^.]*)\\.")
            .matcher(known)
            .results()
            .findFirst()
            .orElseThrow();
    assertThat(documented).containsExactlyInAnyOrder(list.group(1).split(", ", -1));
  }
}
