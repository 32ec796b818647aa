package io.foregate.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.foregate.bench.measure.ReadLoop;
import io.foregate.bench.measure.Report;
import io.foregate.bench.measure.SyntheticModel;
import io.foregate.bench.measure.TimedFeed;
import io.foregate.bench.measure.TokenBytes;
import io.foregate.gguf.GgmlType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Both engines load the models of random weights that they are compared on, and mean the same by
 * them. Needs llama.cpp (scripts/oracle/install).
 */
class ComparedTypesTest {
  private static final Path LLAMA =
      Path.of("../scripts/oracle/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64");

  @TempDir private Path folder;

  @BeforeAll
  static void requireLlama() {
    assumeTrue(Files.isDirectory(LLAMA), "llama.cpp is not installed (scripts/oracle/install)");
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K",
        "Q6_K", "IQ4_NL", "IQ4_XS", "MXFP4"
      })
  void bothEnginesAgreeOn(GgmlType type) throws IOException {
    SyntheticModel model = SyntheticModel.small(type);
    try (var file = ComparisonFile.written(model, folder, "model");
        var ours = new TimedForegate(file.path(), 2, 16);
        var theirs = new LlamaCpp(LLAMA, file.path(), 2, 16);
        var memory = new ReadLoop(1, 1 << 20)) {
      var pace = new PairedRun.Pace(0, 1, 1);
      var pairs =
          new PairedRun(ours, theirs, model.vocabulary(), pace, memory, new TokenBytes(1, 1));
      Report.Result result = pairs.run(TimedFeed.decode(4, 8));
      // The likeliest of 1024 tokens has half a percent.
      assertThat(result.largestProbabilityDifference()).isLessThan(5e-4);
    }
  }
}
