package io.foregate.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.bench.measure.Report;
import io.foregate.bench.measure.ResultJson;
import io.foregate.bench.measure.TimedFeed;
import io.foregate.engine.Machine;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class JlamaMarkdownTest {
  private static JlamaResult.Test test(TimedFeed feed, long[] ours, long[] theirs) {
    return JlamaResult.Test.of(Report.Result.of(feed, ours, theirs, 1e-3, 0, Optional.empty()));
  }

  private static JlamaResult result() {
    return new JlamaResult(
        JlamaResult.SCHEMA,
        JlamaResult.MEASUREMENT,
        "2026-01-01T00:00:00Z",
        "0123456789abcdef",
        Machine.here(),
        0.25,
        new JlamaResult.JlamaVersions("0.1", "assembled", "0.8.4", "Native SIMD"),
        new Report.ComparedModel("dense-Q4_0.gguf", "dense", "00", 300L << 20, 484_000_000),
        "Q4",
        new Report.RunSettings(2, 3, 10, "F16"),
        List.of(
            test(
                TimedFeed.prefill(100, 0),
                new long[] {1_000_000_000, 900_000_000, 1_100_000_000},
                new long[] {3_000_000_000L, 2_700_000_000L, 2_200_000_000L}),
            test(TimedFeed.decode(10, 0), new long[] {5, 5, 5}, new long[] {10, 10, 20})));
  }

  @Test
  void ratiosAreThoseOfMedians() {
    assertThat(JlamaMarkdown.of(result(), "jlama-dense-Q4_0.json"))
        .contains("| pp100 | 100.0 | 37.0 | 2.70 | 2.00 to 3.00 |")
        .contains("| tg10 |", " 2.00 | 2.00 to 4.00 |")
        .contains("threads: 2 each", "Q4 in Jlama", "0.8.4, Native SIMD", "at most 1.0e-03");
  }

  @Test
  void theJsonHoldsEverySample() throws IOException {
    JlamaResult result = result();
    assertThat(result.stem()).isEqualTo("jlama-dense-Q4_0");
    String json = ResultJson.of(result);
    assertThat(json).contains("\"jlama_ns\"", "\"schema\" : 1");
    assertThat(ResultJson.parse(json, JlamaResult.class)).isEqualTo(result);
  }

  @Test
  void theVersionIsThatOfTheJar() {
    assertThat(JlamaCompare.jlamaVersion("/a/guava-33.jar:/b/jlama-core-0.8.4.jar"))
        .isEqualTo("0.8.4");
    assertThat(JlamaCompare.jlamaVersion("/a/guava-33.jar")).isEqualTo("unknown");
  }
}
