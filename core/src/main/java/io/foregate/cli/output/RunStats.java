package io.foregate.cli.output;

import io.foregate.ExpertStats;
import io.foregate.GenerationStats;
import io.foregate.MemoryUse;
import io.foregate.Model;
import io.foregate.engine.Machine;
import io.foregate.report.Sizes;
import io.foregate.report.Table;
import java.util.Locale;

/**
 * How fast a generation was and what memory it took; also the schema of {@code stats} in JSON.
 *
 * @param decodeMajorFaults pages that had to be read from a disk while decoding; -1 where the
 *     system does not tell
 * @param heapBytes Java heap in use at the end, garbage included
 * @param kvCacheBytes keys and values, off the heap
 * @param weightsBytes the mapped file
 * @param peakResidentBytes the most physical memory the process has held, mapped weights included;
 *     -1 where the system does not tell
 * @param experts how experts came to the device since the model was opened; {@code null} where they
 *     all are there
 * @param backend what computed, and on how many threads
 * @param device what it computed on
 * @param sampling what tokens were picked by
 */
public record RunStats(
    int promptTokens,
    double promptTokensPerSecond,
    int decodedTokens,
    double decodeTokensPerSecond,
    double timeToFirstTokenSeconds,
    long decodeMajorFaults,
    long heapBytes,
    long kvCacheBytes,
    long weightsBytes,
    long peakResidentBytes,
    ExpertStats experts,
    String backend,
    String device,
    SamplingInForce sampling) {

  public static RunStats of(
      GenerationStats stats, MemoryUse memory, Model model, SamplingInForce sampling) {
    return new RunStats(
        stats.promptTokens(),
        stats.promptTokensPerSecond(),
        stats.decodedTokens(),
        stats.decodeTokensPerSecond(),
        stats.timeToFirstTokenSeconds(),
        stats.decodeMajorFaults(),
        memory.heap(),
        memory.kvCache(),
        memory.weights(),
        Machine.peakResidentBytes(),
        model.expertStats().orElse(null),
        model.backend(),
        model.device(),
        sampling);
  }

  /** Two columns for people. */
  public String text() {
    var table = new Table("", "ll");
    table.row("prompt", speed(promptTokens, promptTokensPerSecond));
    table.row("decode", speed(decodedTokens, decodeTokensPerSecond));
    table.row("first token", decimal(timeToFirstTokenSeconds * 1000) + " ms");
    table.row(
        "memory",
        "heap %s, KV cache %s, mapped weights %s%s"
            .formatted(
                Sizes.text(heapBytes),
                Sizes.text(kvCacheBytes),
                Sizes.text(weightsBytes),
                peakResidentBytes < 0
                    ? ""
                    : "; peak resident set " + Sizes.text(peakResidentBytes)));
    if (decodeMajorFaults >= 0) {
      table.row(
          "from disk",
          "%s while decoding, %s per token"
              .formatted(
                  Sizes.counted(decodeMajorFaults, "major page fault"),
                  decimal((double) decodeMajorFaults / Math.max(1, decodedTokens))));
    }
    if (experts != null) {
      describe(experts, table);
    }
    table.row("sampling", sampling.text());
    table.row("backend", "%s: %s".formatted(backend, device));
    return table.toString().stripTrailing();
  }

  /** Adds how experts came to the device to a table. */
  public static void describe(ExpertStats e, Table table) {
    long due = e.hits() + e.lates() + e.misses();
    table.row(
        "experts",
        "%d due: %s hit, %s late, %s missed; stalled %s ms"
                .formatted(
                    due,
                    percent((double) e.hits() / Math.max(1, due)),
                    percent((double) e.lates() / Math.max(1, due)),
                    percent((double) e.misses() / Math.max(1, due)),
                    decimal(e.stallSeconds() * 1000))
            + (e.hostRuns() == 0 ? "" : "; %d ran on the CPU".formatted(e.hostRuns())));
    table.row(
        "copies",
        "%d (%d prefetched), %s, %s wasted; %s hidden"
            .formatted(
                e.copies(),
                e.speculativeCopies(),
                Sizes.text(e.copiedBytes()),
                Sizes.text(e.wastedBytes()),
                percent(Math.max(0, e.hidden()))));
  }

  public static String percent(double share) {
    return decimal(100 * share) + " %";
  }

  public static String speed(int tokens, double perSecond) {
    return "%s, %s tok/s".formatted(Sizes.counted(tokens, "token"), decimal(perSecond));
  }

  private static String decimal(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
