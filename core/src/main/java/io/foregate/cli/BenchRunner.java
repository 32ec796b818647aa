package io.foregate.cli;

import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import java.util.OptionalInt;
import java.util.Random;

/** Runs tests on an open engine. As in llama-bench, tokens are random and begin with BOS. */
final class BenchRunner {
  private static final long SEED = 1;

  private final Engine engine;
  private final Cancellation cancellation;
  private final Random random = new Random(SEED);

  BenchRunner(Engine engine, Cancellation cancellation) {
    this.engine = engine;
    this.cancellation = cancellation;
  }

  /** Runs the test at least once, and again until that many seconds have passed. */
  void warmUp(BenchTest test, double seconds) {
    long begin = System.nanoTime();
    try (Session session = engine.newSession()) {
      do {
        run(test, session);
      } while ((System.nanoTime() - begin) / 1e9 < seconds);
    }
  }

  /**
   * Times of a test in nanoseconds, one sample after the other.
   *
   * @param afterEach called after each sample, outside the measured time
   */
  long[] samples(BenchTest test, int repetitions, Runnable afterEach) {
    var samples = new long[repetitions];
    try (Session session = engine.newSession()) {
      for (int i = 0; i < repetitions; i++) {
        samples[i] = run(test, session);
        afterEach.run();
      }
    }
    return samples;
  }

  private long run(BenchTest test, Session session) {
    cancellation.check();
    session.truncate(0);
    int[] tokens = tokens(test.tokens());
    long begin = System.nanoTime();
    if (test.prompt() > 0) {
      session.feed(tokens, 0, test.prompt());
    }
    for (int i = test.prompt(); i < tokens.length; i++) {
      cancellation.check();
      session.feed(tokens, i, i + 1);
    }
    return System.nanoTime() - begin;
  }

  private int[] tokens(int count) {
    int[] tokens = random.ints(count, 0, engine.tokenizer().size()).toArray();
    OptionalInt bos = engine.tokenizer().bos();
    if (bos.isPresent()) {
      tokens[0] = bos.getAsInt();
    }
    return tokens;
  }
}
