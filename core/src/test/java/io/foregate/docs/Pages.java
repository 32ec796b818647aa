package io.foregate.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** The pages that people write: README.md and those of docs. Results are written by programs. */
final class Pages {
  static final Path ROOT = Path.of("..");

  /**
   * A line of prose: no code, no drawing, no table, no heading.
   *
   * @param number from 1
   */
  record Line(int number, String text) {}

  private Pages() {}

  static Stream<Path> all() {
    try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
      List<Path> pages = new ArrayList<>(docs.filter(p -> p.toString().endsWith(".md")).toList());
      pages.add(ROOT.resolve("README.md"));
      return pages.stream().sorted();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<String> lines(Path page) {
    try {
      return Files.readAllLines(page);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A page's prose; empty lines are kept, and stand for what is not prose, too. */
  static List<Line> prose(Path page) {
    List<Line> prose = new ArrayList<>();
    boolean fenced = false;
    int number = 0;
    for (String line : lines(page)) {
      number++;
      boolean fence = line.startsWith("```");
      fenced ^= fence;
      boolean other = fence || fenced || line.matches("(    |\\||#|<!--|!\\[).*");
      prose.add(new Line(number, other ? "" : line));
    }
    return prose;
  }

  /** The name by which GitHub links a heading. */
  static String anchor(String heading) {
    return heading
        .replaceFirst("^#+ ", "")
        .toLowerCase(Locale.ROOT)
        .replaceAll("[^\\p{L}\\p{N} _-]", "")
        .replace(' ', '-');
  }
}
