package io.foregate.cli.output;

import io.foregate.GenerationStats;
import io.foregate.cli.terminal.Terminal;
import io.foregate.engine.Machine;
import io.foregate.report.Sizes;
import java.util.Locale;

/**
 * Says once that weights come from the disk while text is made: nothing else tells why it is slow.
 * For one thread.
 */
public final class DiskReads {
  /**
   * From so many major page faults per token on they are weights: a fault reads 128 KiB and more,
   * and what a young JVM faults is hardly more than a hundred pages in all.
   */
  private static final int MANY = 32;

  /** Of fewer tokens, what the JVM itself loads would count as theirs. */
  private static final int MIN_TOKENS = 4;

  private boolean told;

  /**
   * Tells of a generation, if it is the first one of which there is something to tell.
   *
   * @param weightBytes the mapped file
   */
  public void tell(Terminal terminal, GenerationStats stats, long weightBytes) {
    if (!told && isSlowed(stats)) {
      told = true;
      terminal.message(sentence(stats, weightBytes, Machine.here().memoryBytes()));
    }
  }

  /** Whether so much was read while decoding that it is weights. */
  static boolean isSlowed(GenerationStats stats) {
    return stats.decodedTokens() >= MIN_TOKENS
        && stats.decodeMajorFaults() >= (long) MANY * stats.decodedTokens();
  }

  /** What happened, and what to do about it. */
  static String sentence(GenerationStats stats, long weightBytes, long memoryBytes) {
    return String.format(
        Locale.ROOT,
        "foregate: weights came from the disk while decoding (%d page faults per token). If the"
            + " next run says so too, the file (%s) does not stay in memory (%s): a smaller"
            + " quantization or more memory helps, or --policy lookahead with --store file, which"
            + " reads experts before they are needed.",
        stats.decodeMajorFaults() / stats.decodedTokens(),
        Sizes.text(weightBytes),
        Sizes.text(memoryBytes));
  }
}
