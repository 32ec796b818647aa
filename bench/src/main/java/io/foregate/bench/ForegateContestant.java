package io.foregate.bench;

import io.foregate.engine.Engine;
import io.foregate.engine.EngineOptions;
import io.foregate.engine.Session;
import java.nio.file.Path;

/** Foregate, through the session that every command uses. */
final class ForegateContestant implements Contestant {
  private final Engine engine;
  private final Session session;

  ForegateContestant(Path file, int threads, int capacity) {
    engine = Engine.open(file, EngineOptions.defaults().withThreads(threads).withContext(capacity));
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
  public void clear() {
    session.truncate(0);
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
