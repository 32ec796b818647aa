package io.foregate.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.foregate.cli.Main;
import io.foregate.cli.TinyGguf;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is typed is text in the platform's charset, and is never lost without a word. */
class PlatformTextTest {
  private static final int PATIENCE_SECONDS = 60;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "ANSI_X3.4-1968, UTF-8",
    "US-ASCII, UTF-8",
    "no such charset, UTF-8",
    "UTF-8, UTF-8",
    "ISO-8859-1, ISO-8859-1",
    "EUC-JP, EUC-JP"
  })
  void asciiIsTakenForUtf8(String name, String expected) {
    assertThat(PlatformText.named(name)).isEqualTo(Charset.forName(expected));
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-8", "ISO-8859-1", "windows-1252", "EUC-JP", "GB18030"})
  void argumentsAreDecodedAsThePlatformSays(String name) {
    Charset charset = Charset.forName(name);
    String word = name.startsWith("E") || name.startsWith("G") ? "日本" : "Größe";
    byte[] line = commandLine(charset, "java", "-cp", "x", "Main", "run", "", word);
    assertThat(PlatformText.arguments(line, new String[] {"run", "", "??"}, charset))
        .containsExactly("run", "", word);
  }

  @Test
  void anArgumentThatIsNoTextIsRefused() {
    byte[] line = commandLine(StandardCharsets.ISO_8859_1, "java", "Main", "-p", "Größe");
    assertThatThrownBy(
            () ->
                PlatformText.arguments(
                    line, new String[] {"-p", "Gr\uFFFD\uFFFDe"}, StandardCharsets.UTF_8))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("argument 2")
        .hasMessageContaining("is not text in UTF-8");
  }

  private static byte[] commandLine(Charset charset, String... words) {
    var line = new ByteArrayOutputStream();
    for (String word : words) {
      line.writeBytes(word.getBytes(charset));
      line.write(0);
    }
    return line.toByteArray();
  }

  /** The JVM alone, without the launcher's help: it decodes the arguments as ASCII. */
  @ParameterizedTest
  @ValueSource(strings = {"C", "xx_YY.ISO8859-1", "C.UTF-8"})
  void aPromptSurvivesEveryLocale(String locale) throws Exception {
    assumeTrue(Files.isReadable(Path.of("/proc/self/cmdline")), "arguments are asked of Linux");
    Path model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
    Path out = folder.resolve("out");
    Process process = start(locale, out, "run -m %s -n 0 -p 'Größe 日本'".formatted(model));
    assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
    assertThat(Files.readString(out)).isEqualTo("Größe 日本\n");
  }

  /** Starts the command by a shell script in UTF-8, whatever this process's own locale is. */
  private Process start(String locale, Path out, String arguments) throws IOException {
    List<String> words = new ArrayList<>();
    words.add("exec '%s'".formatted(Path.of(System.getProperty("java.home"), "bin", "java")));
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("--"))
        .forEach(words::add);
    words.add("-cp '%s' %s".formatted(System.getProperty("java.class.path"), Main.class.getName()));
    words.add(arguments);
    Path script = Files.writeString(folder.resolve("script"), String.join(" ", words) + "\n");
    var builder =
        new ProcessBuilder("sh", script.toString())
            .redirectOutput(out.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().remove("LANG");
    builder.environment().remove("LC_CTYPE");
    builder.environment().put("LC_ALL", locale);
    return builder.start();
  }

  @Test
  void typedLinesAreInTheirCharsetAndPipedOnesUtf8() {
    byte[] typed = "Größe\n".getBytes(StandardCharsets.ISO_8859_1);
    assertThat(terminal(typed, true).readLine()).isEqualTo("Größe");
    assertThatThrownBy(() -> terminal(typed, false).readLine())
        .isInstanceOf(CommandException.class)
        .hasMessageContaining("is not text in UTF-8");
  }

  private static Terminal terminal(byte[] input, boolean typed) {
    var none = new ByteArrayOutputStream();
    return new Terminal(
        new ByteArrayInputStream(input),
        none,
        none,
        false,
        false,
        typed,
        StandardCharsets.ISO_8859_1);
  }
}
