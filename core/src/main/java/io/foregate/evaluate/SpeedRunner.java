package io.foregate.evaluate;

import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.work.WorkListener;
import java.util.OptionalInt;
import java.util.Random;

/**
 * Times workloads on an open engine. As in llama-bench, tokens are random and begin with BOS.
 *
 * <pre>{@code
 * try (Engine engine = Engine.open(model, ModelOptions.defaults())) {
 *   var runner = new SpeedRunner(engine, WorkListener.NONE);
 *   var decode = new Workload(0, 128);
 *   runner.warmUp(decode, 2);
 *   SpeedResult result = SpeedResult.of(engine, decode, runner.samples(decode, 5));
 *   System.out.println(result.avgTs() + " tokens per second");
 * }
 * }</pre>
 */
public final class SpeedRunner {
  private static final long SEED = 1;

  private final Engine engine;
  private final WorkListener listener;
  private final Random random = new Random(SEED);

  /**
   * @param listener told of each sample, and asked after each token
   */
  public SpeedRunner(Engine engine, WorkListener listener) {
    this.engine = engine;
    this.listener = listener;
  }

  /** Runs it at least once, and again until that many seconds have passed. */
  public void warmUp(Workload workload, double seconds) {
    long begin = System.nanoTime();
    try (Session session = engine.newSession()) {
      do {
        run(workload, session);
      } while ((System.nanoTime() - begin) / 1e9 < seconds);
    }
  }

  /**
   * Times of a workload in nanoseconds, one sample after the other.
   *
   * <p>The listener is told of each sample, outside the measured time.
   */
  public long[] samples(Workload workload, int repetitions) {
    var samples = new long[repetitions];
    try (Session session = engine.newSession()) {
      for (int i = 0; i < repetitions; i++) {
        samples[i] = run(workload, session);
        listener.advance(1);
      }
    }
    return samples;
  }

  private long run(Workload workload, Session session) {
    listener.check();
    session.truncate(0);
    int[] tokens = tokens(workload.tokens());
    long begin = System.nanoTime();
    if (workload.prompt() > 0) {
      session.feed(tokens, 0, workload.prompt());
    }
    for (int i = workload.prompt(); i < tokens.length; i++) {
      listener.check();
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
