package io.foregate.bench.compare;

import io.foregate.bench.measure.Report;
import io.foregate.engine.Machine;
import java.util.List;
import java.util.Locale;

/** A {@link Report} for people. Made from the JSON's content alone, never typed. */
final class ReportMarkdown {
  private ReportMarkdown() {}

  static String of(Report report, String jsonName) {
    var text = new StringBuilder();
    text.append(
        "# Foregate and llama.cpp: %s%s\n\n".formatted(report.model().name(), depths(report)));
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
        "the ratio is Foregate's speed over llama.cpp's, the pairs' column the range of single"
            + " pairs.\n\n");
    bandwidths(text, report);
    Report.MemoryFigures memory = report.memory();
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

  /** What decode makes of the memory. */
  private static void bandwidths(StringBuilder text, Report report) {
    List<Report.Result> decodes =
        report.results().stream().filter(r -> r.bandwidth() != null).toList();
    if (decodes.isEmpty()) {
      return;
    }
    text.append(
        """
        | test | MB per token | read loop GB/s | Foregate GB/s | of the loop | llama.cpp GB/s | of the loop |
        |---|---:|---:|---:|---:|---:|---:|
        """);
    for (Report.Result r : decodes) {
      Report.Bandwidth b = r.bandwidth();
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %.1f | %.1f | %.1f | %.0f %% | %.1f | %.0f %% |\n",
              r.test(),
              b.samples().bytesPerToken() / 1e6,
              b.readLoopGbps(),
              b.foregateGbps(),
              100 * b.foregateShare(),
              b.llamaCppGbps(),
              100 * b.llamaCppShare()));
    }
    text.append(
        """

        What a token needs: dense weights, the experts that it uses, keys and values. The read loop is timed after each \
        pair: as many threads that do nothing but read, from a buffer far larger than caches.

        """);
  }

  /** Of the contexts before the tests, where there are any. */
  private static String depths(Report report) {
    List<String> depths =
        report.results().stream()
            .filter(r -> r.depth() > 0)
            .map(r -> Integer.toString(r.depth()))
            .distinct()
            .toList();
    return depths.isEmpty() ? "" : ", after %s tokens".formatted(String.join(" and ", depths));
  }

  private static void row(StringBuilder text, String name, String value) {
    text.append("- ").append(name).append(": ").append(value).append('\n');
  }

  private static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f", bytes / 1048576.0);
  }
}
