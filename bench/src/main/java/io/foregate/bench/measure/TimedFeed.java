package io.foregate.bench.measure;

/**
 * One thing to time, named as llama-bench names it: {@code tg128}, or {@code tg128 @ d8192} behind
 * a context.
 *
 * @param tokens how many
 * @param atOnce whether they are fed as one prompt, or one by one as decode does
 * @param depth tokens of context before them, which are not timed
 */
public record TimedFeed(String label, int tokens, boolean atOnce, int depth) {

  public static TimedFeed prefill(int tokens, int depth) {
    return new TimedFeed(label("pp" + tokens, depth), tokens, true, depth);
  }

  public static TimedFeed decode(int tokens, int depth) {
    return new TimedFeed(label("tg" + tokens, depth), tokens, false, depth);
  }

  private static String label(String test, int depth) {
    return depth == 0 ? test : test + " @ d" + depth;
  }

  /** Tokens of the context and those that are timed. */
  public int end() {
    return depth + tokens;
  }

  /**
   * Fills the engine's context, as far as it is not there yet: an engine that another workload has
   * left with the same tokens keeps them, since a long prefill takes minutes.
   *
   * @param ids by position: what the engine holds has to have come from the same tokens
   */
  public void fill(TimedEngine engine, int[] ids) {
    int kept = Math.min(engine.position(), depth);
    engine.truncate(kept);
    if (kept < depth) {
      engine.feed(ids, kept, depth);
    }
  }

  /**
   * Feeds the tokens behind the context, which has been filled; returns the nanoseconds that it
   * took.
   *
   * @param ids by position
   */
  public long run(TimedEngine engine, int[] ids) {
    engine.truncate(depth);
    long begin = System.nanoTime();
    if (atOnce) {
      engine.feed(ids, depth, end());
    } else {
      for (int i = depth; i < end(); i++) {
        engine.feed(ids, i, i + 1);
      }
    }
    return System.nanoTime() - begin;
  }
}
