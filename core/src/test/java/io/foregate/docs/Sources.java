package io.foregate.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The Java sources of all modules as text: those of modules that need an SDK can be looked at where
 * there is none.
 */
final class Sources {
  private static final List<String> MODULES = List.of("core", "bench", "kernels-java", "tornado");
  private static final String ROOM = "java/io/foregate";
  private static final Pattern TYPE =
      Pattern.compile("\\b(?:class|interface|enum|record) ([A-Z]\\w*)");

  private Sources() {}

  /** Names of all classes, nested ones too. */
  static Set<String> classes() {
    return files()
        .flatMap(file -> TYPE.matcher(read(file)).results().map(found -> found.group(1)))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Stream<Path> files() {
    return folders()
        .flatMap(
            folder -> {
              try (Stream<Path> all = Files.walk(folder)) {
                return all.filter(file -> file.toString().endsWith(".java")).toList().stream();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  private static Stream<Path> folders() {
    return MODULES.stream()
        .flatMap(
            module ->
                Stream.of("main", "test")
                    .map(kind -> Pages.ROOT.resolve(module).resolve("src").resolve(kind)))
        .map(folder -> folder.resolve(ROOM))
        .filter(Files::isDirectory);
  }

  /**
   * Why there is no such place, or an empty text.
   *
   * @param place {@code package.Class}, {@code package.Class.Nested} or either with {@code
   *     #member}; the package is below {@code io.foregate}, and empty for that itself
   */
  static String missing(String place) {
    String[] parts = place.split("#", 2);
    String[] names = parts[0].split("\\.", -1);
    int top = 0;
    while (Character.isLowerCase(names[top].charAt(0))) {
      top++;
    }
    String path = String.join("/", List.of(names).subList(0, top + 1)) + ".java";
    Path file =
        folders()
            .map(folder -> folder.resolve(path))
            .filter(Files::exists)
            .findFirst()
            .orElse(null);
    if (file == null) {
      return "there is no file %s".formatted(path);
    }
    String text = read(file);
    for (int i = top + 1; i < names.length; i++) {
      if (!declares(text, "\\b(class|interface|enum|record) ", names[i])) {
        return "%s has no class %s".formatted(path, names[i]);
      }
    }
    return parts.length == 1 || declares(text, "\\b", parts[1])
        ? ""
        : "%s has no %s".formatted(path, parts[1]);
  }

  private static boolean declares(String text, String before, String name) {
    return Pattern.compile(before + Pattern.quote(name) + "\\b").matcher(text).find();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
