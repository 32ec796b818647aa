import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks ({@code check}) or applies ({@code apply}) google-java-format to every Java file below the
 * given folders. Exit code 1 when a file is not formatted.
 *
 * <p>Spotless would run the formatter inside Maven's own JVM, and the formatter parses with the
 * compiler of the JVM that it runs in: under the default JDK 17 it rejects Java 25 sources. Run as
 * a source-file program on the toolchain's JDK it works wherever the build works.
 */
final class JavaFormat {
  private JavaFormat() {}

  public static void main(String[] args) throws Exception {
    if (args.length < 2 || !(args[0].equals("check") || args[0].equals("apply"))) {
      System.err.println("usage: JavaFormat check|apply FOLDER...");
      System.exit(2);
    }
    boolean apply = args[0].equals("apply");
    var formatter = new Formatter(JavaFormatterOptions.defaultOptions());
    List<Path> changed = new ArrayList<>();
    for (Path file : javaFiles(args)) {
      String source = Files.readString(file);
      String ordered = ImportOrderer.reorderImports(source, JavaFormatterOptions.Style.GOOGLE);
      String formatted = formatter.formatSource(RemoveUnusedImports.removeUnusedImports(ordered));
      if (!formatted.equals(source)) {
        changed.add(file);
        if (apply) {
          Files.writeString(file, formatted);
        }
      }
    }
    changed.forEach(f -> System.err.println((apply ? "formatted " : "not formatted: ") + f));
    if (!apply && !changed.isEmpty()) {
      System.err.println("Run scripts/format.");
      System.exit(1);
    }
  }

  private static List<Path> javaFiles(String[] args) throws IOException {
    List<Path> files = new ArrayList<>();
    for (int i = 1; i < args.length; i++) {
      Path root = Path.of(args[i]);
      if (Files.isDirectory(root)) {
        try (var walk = Files.walk(root)) {
          walk.filter(p -> p.toString().endsWith(".java"))
              .filter(p -> !p.toString().contains("/target/"))
              .sorted()
              .forEach(files::add);
        }
      }
    }
    return files;
  }
}
