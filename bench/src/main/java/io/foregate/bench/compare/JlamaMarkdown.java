package io.foregate.bench.compare;

import io.foregate.engine.Machine;
import java.util.Formatter;
import java.util.Locale;

/** A {@link JlamaResult} for people. Made from the JSON's content alone, never typed. */
final class JlamaMarkdown {
  private JlamaMarkdown() {}

  static String of(JlamaResult result, String jsonName) {
    var out = new Formatter(Locale.ROOT);
    out.format("# Foregate and Jlama: a dense Llama, %s\n\n", result.model().file());
    out.format("Written by `scripts/bench-jlama`; the samples are in [%1$s](%1$s).\n\n", jsonName);
    out.format("| test | Foregate tok/s | Jlama tok/s | ratio | pairs |\n");
    out.format("|---|---:|---:|---:|---:|\n");
    for (JlamaResult.Test test : result.results()) {
      out.format(
          "| %s | %.1f | %.1f | %.2f | %.2f to %.2f |\n",
          test.test(),
          test.foregateTokensPerSecond(),
          test.jlamaTokensPerSecond(),
          test.ratio().ofMedians(),
          test.ratio().lowest(),
          test.ratio().highest());
    }
    out.format(
        "\nMedians of %d samples each, taken in turns, Jlama in a process of its own, after %s"
            + " seconds of warm-up each; the ratio is Foregate's speed over Jlama's, the pairs'"
            + " column the range of single pairs.\n\n",
        result.settings().repetitions(), result.settings().warmUpSeconds());
    facts(result, out);
    return out.toString();
  }

  private static void facts(JlamaResult result, Formatter out) {
    out.format("- threads: %d each\n", result.settings().threads());
    out.format(
        "- model: random weights, %.1f M parameters; the same floats quantized by each: %.1f MiB"
            + " here, %s in Jlama\n",
        result.model().parameters() / 1e6, mebibytes(result.model().bytes()), result.jlamaType());
    Machine machine = result.machine();
    out.format(
        "- machine: %s, %d cores, %.1f MiB, %s; load %.2f before the run\n",
        machine.cpu(),
        machine.cores(),
        mebibytes(machine.memoryBytes()),
        machine.os(),
        result.load());
    JlamaResult.JlamaVersions versions = result.versions();
    out.format(
        "- Foregate: %s, commit %s, %s, %s\n",
        versions.foregate(), result.commit(), versions.kernels(), machine.java());
    out.format("- Jlama: %s, %s\n", versions.jlama(), versions.jlamaKernels());
    out.format(
        "- same result: next-token probabilities after a test differ by at most %.1e\n",
        result.results().stream()
            .mapToDouble(JlamaResult.Test::largestProbabilityDifference)
            .max()
            .orElse(0));
    out.format("- time: %s\n", result.time());
  }

  private static double mebibytes(long bytes) {
    return bytes / 1048576.0;
  }
}
