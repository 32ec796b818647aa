package io.foregate.bench.startup;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.bench.measure.ResultJson;
import io.foregate.bench.startup.StartupResult.StartedCommand;
import io.foregate.bench.startup.StartupResult.StartupSettings;
import io.foregate.engine.Machine;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class StartupMarkdownTest {
  private static final List<Long> SAMPLES = List.of(250_000_000L, 150_000_000L, 200_000_000L);

  private static final StartupResult RESULT =
      new StartupResult(
          StartupResult.SCHEMA,
          "start-up",
          "2026-12-01T00:00:00Z",
          "abc",
          new Machine("a CPU", 2, 1L << 30, "an OS", "a JVM"),
          0.5,
          "0.1",
          "kernels",
          new StartupSettings("model.gguf", 3),
          List.of(
              StartedCommand.of("the JVM alone", List.of(), false, null, SAMPLES),
              StartedCommand.of("version", List.of("--version"), false, null, SAMPLES),
              StartedCommand.of("version", List.of("--version"), true, 0.3, SAMPLES)));

  @Test
  void tellsMediansAndTheirSpread() {
    assertThat(StartupMarkdown.of(RESULT))
        .startsWith("# Start-up\n")
        .contains(
            "| the JVM alone | the JDK's own | 0.200 | 0.150 to 0.250 |  |\n",
            "| version | no | 0.200 | 0.150 to 0.250 |  |\n",
            "| version | yes | 0.200 | 0.150 to 0.250 | 0.3 |\n",
            "Medians of 3 samples each",
            "a CPU, 2 cores, 1024.0 MiB, an OS; load 0.50",
            "commit abc",
            "(startup.json)");
  }

  @Test
  void isWrittenAndReadAlike() throws IOException {
    assertThat(ResultJson.parse(ResultJson.of(RESULT), StartupResult.class)).isEqualTo(RESULT);
  }
}
