package io.foregate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds what the house rules say of names and packages, over the sources of all modules. */
class HouseTest {
  private static final int MAX_FILES = 25;

  /** Begins the sentence that a larger package's Javadoc has. */
  private static final String REASON = "More than %d files:".formatted(MAX_FILES);

  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();

  private static List<Path> sources(String kind) {
    return Stream.of("core", "kernels-java", "tornado", "bench")
        .map(module -> ROOT.resolve(module).resolve("src").resolve(kind).resolve("java"))
        .filter(Files::isDirectory)
        .flatMap(HouseTest::files)
        .filter(file -> file.toString().endsWith(".java"))
        .filter(file -> !file.endsWith("package-info.java"))
        .toList();
  }

  private static Stream<Path> files(Path folder) {
    try (Stream<Path> found = Files.walk(folder)) {
      return found.toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whoever reads a name need not ask which of two is meant. */
  @Test
  void noSimpleNameMeansTwoThings() {
    Map<String, List<Path>> byName =
        sources("main").stream()
            .collect(
                Collectors.groupingBy(
                    file -> file.getFileName().toString(), TreeMap::new, Collectors.toList()));
    assertThat(byName).hasSizeGreaterThan(400);
    assertThat(byName.values()).allSatisfy(files -> assertThat(files).hasSize(1));
  }

  @Test
  void noTwoNamesDifferByAnS() {
    Set<String> names =
        sources("main").stream()
            .map(file -> file.getFileName().toString().replace(".java", ""))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(names).noneMatch(name -> names.contains(name + "s"));
  }

  @Test
  void noClassOfTheProductIsNamedLikeATest() {
    assertThat(sources("main"))
        .extracting(file -> file.getFileName().toString())
        .noneMatch(name -> name.endsWith("Test.java") || name.matches("Test[A-Z.].*"));
  }

  /** Whoever opens a package sees what is in it; one that is larger says why. */
  @ParameterizedTest
  @ValueSource(strings = {"main", "test"})
  void noPackageIsCrowdedWithoutAReason(String kind) {
    Map<Path, Long> sizes =
        sources(kind).stream()
            .collect(Collectors.groupingBy(Path::getParent, TreeMap::new, Collectors.counting()));
    assertThat(sizes).hasSizeGreaterThan(20);
    assertThat(sizes)
        .allSatisfy(
            (folder, files) ->
                assertThat(files <= MAX_FILES || saysWhy(folder))
                    .as("%s has %d files and no \"%s\" in its package-info", folder, files, REASON)
                    .isTrue());
  }

  private static boolean saysWhy(Path folder) {
    Path info = folder.resolve("package-info.java");
    try {
      return Files.exists(info) && Files.readString(info).contains(REASON);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
