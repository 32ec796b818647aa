package io.foregate.bench.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import org.junit.jupiter.api.Test;

class KernelReportTest {
  private static String result(String method, String backend, int tokens, double score) {
    return """
        {"benchmark": "io.foregate.bench.jmh.KernelBenchmark.%s",
         "params": {"backend": "%s", "shape": "small", "type": "Q4_K", "tokens": "%d"},
         "primaryMetric": {"score": %s, "scoreError": 0.5}}"""
        .formatted(method, backend, tokens, score);
  }

  @Test
  void backendsStandSideBySide() throws JsonProcessingException {
    String results =
        "[%s, %s, %s]"
            .formatted(
                result("experts", "cpu", 1, 20),
                result("experts", "cpu", 32, 400),
                result("experts", "tornado", 1, 12.25));
    assertThat(KernelReport.table(new JsonMapper().readTree(results)))
        .isEqualTo(
            """
            | step | shape | weights | tokens | cpu, µs | ± (99.9 %) | tornado, µs | ± (99.9 %) |
            |---|---|---|--:|--:|--:|--:|--:|
            | experts | small | Q4_K | 1 | 20.0 | 0.5 | 12.3 | 0.5 |
            | experts | small | Q4_K | 32 | 400.0 | 0.5 | | |
            """);
  }
}
