package io.foregate.store;

/**
 * Where records go, and why.
 *
 * @param reason half a sentence for statistics and logs
 */
record TierDecision(Tier tier, String reason) {
  private static final int MIB_SHIFT = 20;

  /** Left free at least: caches of a few sequences, the Java heap, and what else runs. */
  private static final long MIN_MARGIN = 1L << 30;

  /** Of free memory, this part is left free: what was measured a moment ago changes. */
  private static final int MARGIN_DIVISOR = 10;

  /**
   * RAM if the records fit into free memory with a margin, beside the weights that are not experts.
   *
   * @param records bytes of all records
   * @param others bytes of the model's file that are not experts, which are read for every token
   * @param free bytes that can be taken
   */
  static TierDecision auto(long records, long others, long free) {
    long margin = Math.max(MIN_MARGIN, free / MARGIN_DIVISOR);
    boolean fits = records + others + margin <= free;
    return new TierDecision(
        fits ? Tier.RAM : Tier.FILE,
        "experts of %d MiB, other weights of %d MiB and a margin of %d MiB %s %d MiB of free memory"
            .formatted(
                records >> MIB_SHIFT,
                others >> MIB_SHIFT,
                margin >> MIB_SHIFT,
                fits ? "fit into" : "exceed",
                free >> MIB_SHIFT));
  }
}
