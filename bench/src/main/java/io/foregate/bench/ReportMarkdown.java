package io.foregate.bench;

import io.foregate.engine.Machine;
import java.util.Locale;

/** A {@link Report} for people. Made from the JSON's content alone, never typed. */
final class ReportMarkdown {
  private ReportMarkdown() {}

  static String of(Report report, String jsonName) {
    var text = new StringBuilder();
    text.append("# Foregate and llama.cpp: %s\n\n".formatted(report.model().name()));
    text.append(
        "Written by `scripts/bench-compare`; the samples are in [%1$s](%1$s).\n\n"
            .formatted(jsonName));
    text.append(
        "| test | Foregate tok/s | llama.cpp tok/s | ratio | pairs | allocated per token |\n");
    text.append("|---|---:|---:|---:|---:|---:|\n");
    for (Report.Result r : report.results()) {
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %.1f | %.1f | %.2f | %.2f to %.2f | %.0f B |\n",
              r.test(),
              r.foregateTokensPerSecond(),
              r.llamaCppTokensPerSecond(),
              r.ratio().ofMedians(),
              r.ratio().lowest(),
              r.ratio().highest(),
              r.allocatedBytesPerToken()));
    }
    text.append(
        "\nMedians of %d samples each, taken in turns in one process, after %s seconds of warm-up each; "
            .formatted(report.settings().repetitions(), report.settings().warmUpSeconds()));
    text.append(
        "the ratio is Foregate's speed over llama.cpp's, the pairs' column the range of single pairs.\n\n");
    Report.Memory memory = report.memory();
    row(
        text,
        "threads",
        report.settings().threads() + " each, KV cache " + report.settings().kvType());
    row(
        text,
        "model",
        String.format(
            Locale.ROOT,
            "%s, %.1f M parameters, %s MiB, SHA-256 %s",
            report.model().file(),
            report.model().parameters() / 1e6,
            mebibytes(report.model().bytes()),
            report.model().sha256()));
    row(
        text,
        "Java heap",
        "peak %s MiB under a limit of %s MiB, beside a KV cache of %s MiB off the heap"
            .formatted(
                mebibytes(memory.peakHeapBytes()),
                mebibytes(memory.maxHeapBytes()),
                mebibytes(memory.kvCacheBytes())));
    Machine machine = report.machine();
    row(
        text,
        "machine",
        String.format(
            Locale.ROOT,
            "%s, %d cores, %s MiB, %s; load %.2f before the run",
            machine.cpu(),
            machine.cores(),
            mebibytes(machine.memoryBytes()),
            machine.os(),
            report.load()));
    Report.Versions versions = report.versions();
    row(
        text,
        "Foregate",
        "%s, commit %s, %s, %s"
            .formatted(versions.foregate(), report.commit(), versions.kernels(), machine.java()));
    row(
        text,
        "llama.cpp",
        "%s; %s".formatted(versions.llamaCpp(), versions.llamaCppSystem().replace('|', ',')));
    row(
        text,
        "same result",
        "next-token probabilities after a test differ by at most "
            + String.format(
                Locale.ROOT,
                "%.1e",
                report.results().stream()
                    .mapToDouble(Report.Result::largestProbabilityDifference)
                    .max()
                    .orElse(0)));
    row(text, "time", report.time());
    return text.toString();
  }

  private static void row(StringBuilder text, String name, String value) {
    text.append("- ").append(name).append(": ").append(value).append('\n');
  }

  private static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f", bytes / 1048576.0);
  }
}
