package io.foregate.bench;

/**
 * One thing to time, named as llama-bench names it.
 *
 * @param tokens how many
 * @param atOnce whether they are fed as one prompt, or one by one as decode does
 */
record Trial(String label, int tokens, boolean atOnce) {

  static Trial prefill(int tokens) {
    return new Trial("pp" + tokens, tokens, true);
  }

  static Trial decode(int tokens) {
    return new Trial("tg" + tokens, tokens, false);
  }

  /** Feeds the tokens to an emptied contestant; returns the nanoseconds that it took. */
  long run(Contestant contestant, int[] ids) {
    contestant.clear();
    long begin = System.nanoTime();
    if (atOnce) {
      contestant.feed(ids, 0, tokens);
    } else {
      for (int i = 0; i < tokens; i++) {
        contestant.feed(ids, i, i + 1);
      }
    }
    return System.nanoTime() - begin;
  }
}
