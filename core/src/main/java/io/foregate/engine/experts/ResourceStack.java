package io.foregate.engine.experts;

import java.util.ArrayDeque;
import java.util.Deque;

/** Resources that are closed together, the youngest first, each even if another fails to close. */
final class ResourceStack implements AutoCloseable {
  private final Deque<AutoCloseable> resources = new ArrayDeque<>();

  /** Takes a resource over. */
  <T extends AutoCloseable> T add(T resource) {
    resources.push(resource);
    return resource;
  }

  /** Closing twice does nothing. */
  @Override
  public void close() {
    RuntimeException failure = null;
    while (!resources.isEmpty()) {
      try {
        resources.pop().close();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      } catch (Exception e) {
        throw new AssertionError("no resource of ours throws a checked exception", e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
