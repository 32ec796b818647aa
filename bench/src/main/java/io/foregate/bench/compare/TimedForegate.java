package io.foregate.bench.compare;

import io.foregate.bench.measure.TimedEngine;
import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.options.ModelOptions;
import java.nio.file.Path;

/** Foregate, through the session that every command uses. */
final class TimedForegate implements TimedEngine {
  private final Engine engine;
  private final Session session;

  TimedForegate(Path file, int threads, int capacity) {
    engine = Engine.open(file, ModelOptions.defaults().withThreads(threads).withContext(capacity));
    session = engine.newSession();
  }

  /** The open model, for its facts. */
  Engine engine() {
    return engine;
  }

  /** Bytes of the KV cache. */
  long kvBytes() {
    return session.kvBytes();
  }

  @Override
  public int position() {
    return session.position();
  }

  @Override
  public void truncate(int position) {
    if (session.truncate(position) < position) {
      throw new IllegalStateException("this model's state cannot be cut back to " + position);
    }
  }

  @Override
  public void feed(int[] tokens, int from, int to) {
    session.feed(tokens, from, to);
  }

  @Override
  public float[] logits() {
    return session.logits();
  }

  @Override
  public void close() {
    session.close();
    engine.close();
  }
}
