package io.foregate.tornado.device;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.runtime.TornadoCoreRuntime;

/**
 * Makes plans of task graphs.
 *
 * <p>TornadoVM reads tasks in the background, on threads that hand on what they find through one
 * static field, and beside whoever compiles already. {@link TornadoSettings} leaves it one such
 * thread; a plan is made when that has nothing left to read.
 */
public final class Plans {
  private static final int MINUTES = 5;

  private Plans() {}

  /**
   * A plan of graphs whose tasks have all been read.
   *
   * @throws IllegalStateException if TornadoVM does not come to an end with them
   */
  public static TornadoExecutionPlan of(ImmutableTaskGraph... graphs) {
    try {
      TornadoCoreRuntime.getTornadoExecutor().submit(() -> {}).get(MINUTES, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while TornadoVM read its kernels", e);
    } catch (TimeoutException e) {
      throw new IllegalStateException(
          "TornadoVM has not read its kernels within %d minutes: one may call what is not inlined"
              .formatted(MINUTES),
          e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
    return new TornadoExecutionPlan(graphs);
  }
}
