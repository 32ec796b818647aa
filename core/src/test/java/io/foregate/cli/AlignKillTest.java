package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training that is killed goes on with {@code --resume} as if nothing had happened. */
class AlignKillTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir private Path folder;

  @Test
  void goesOnAfterAKillToTheSameGates() throws Exception {
    Path model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
    Path text = folder.resolve("text.txt");
    Files.writeString(text, words());
    Path whole = folder.resolve("whole");
    Invocation.of(arguments(model, text, whole)).succeeds();

    Path out = folder.resolve("killed");
    Path checkpoint = folder.resolve("killed.checkpoint");
    for (int kill = 0; kill < 2; kill++) {
      Object before = state(checkpoint);
      Process process = start(arguments(model, text, out, "--resume"));
      Instant deadline = Instant.now().plus(PATIENCE);
      while (state(checkpoint).equals(before) && Instant.now().isBefore(deadline)) {
        Thread.sleep(1);
      }
      process.destroyForcibly();
      assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(out).doesNotExist(); // it was in the middle
      assertThat(state(checkpoint)).isNotEqualTo(before);
    }
    Invocation.of(arguments(model, text, out, "--resume")).succeeds();
    assertThat(out).hasSameBinaryContentAs(whole);
    assertThat(checkpoint).doesNotExist();
  }

  /** Which file is there, if any: every checkpoint is a new one. */
  private static Object state(Path checkpoint) throws IOException {
    return Files.exists(checkpoint)
        ? Files.getAttribute(checkpoint, "lastModifiedTime")
        : "no checkpoint";
  }

  private static Object[] arguments(Path model, Path text, Path out, Object... more) {
    Object[] common = {
      "align",
      "-m",
      model,
      "--text",
      text,
      "--out",
      out,
      "--ctx",
      64,
      "--tokens",
      9_000,
      "--round-tokens",
      640,
      "--hidden",
      64,
      "--passes",
      20,
      "--threads",
      2
    };
    return Stream.concat(Stream.of(common), Stream.of(more)).toArray();
  }

  private static Process start(Object... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("--"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    Stream.of(arguments).map(Object::toString).forEach(command::add);
    return new ProcessBuilder(command)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private static String words() {
    var random = new Random(1);
    var text = new StringBuilder();
    for (int i = 0; i < 20_000; i++) {
      text.append(random.nextInt(3) == 0 ? "the hat" : "a tot").append(i % 9 == 0 ? '\n' : ' ');
    }
    return text.toString();
  }
}
