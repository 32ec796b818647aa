package io.foregate.cli;

import io.foregate.GenerationStats;
import io.foregate.MemoryUse;
import io.foregate.engine.Machine;
import java.util.Locale;

/**
 * How fast a generation was and what memory it took; also the schema of {@code stats} in JSON.
 *
 * @param heapBytes Java heap in use at the end, garbage included
 * @param kvCacheBytes keys and values, off the heap
 * @param weightsBytes the mapped file
 * @param peakResidentBytes the most physical memory the process has held, mapped weights included;
 *     -1 where the system does not tell
 */
record RunStats(
    int promptTokens,
    double promptTokensPerSecond,
    int decodedTokens,
    double decodeTokensPerSecond,
    double timeToFirstTokenSeconds,
    long heapBytes,
    long kvCacheBytes,
    long weightsBytes,
    long peakResidentBytes) {

  static RunStats of(GenerationStats stats, MemoryUse memory) {
    return new RunStats(
        stats.promptTokens(),
        stats.promptTokensPerSecond(),
        stats.decodedTokens(),
        stats.decodeTokensPerSecond(),
        stats.timeToFirstTokenSeconds(),
        memory.heap(),
        memory.kvCache(),
        memory.weights(),
        Machine.peakResidentBytes());
  }

  /** Two columns for people. */
  String text() {
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
    return table.toString().stripTrailing();
  }

  private static String speed(int tokens, double perSecond) {
    return "%d tokens, %s tok/s".formatted(tokens, decimal(perSecond));
  }

  private static String decimal(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
