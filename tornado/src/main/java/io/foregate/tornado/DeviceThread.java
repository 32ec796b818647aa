package io.foregate.tornado;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The one platform thread that executes some plans: TornadoVM keys a plan's command queue by
 * thread, and a plan that is executed by several threads breaks.
 */
final class DeviceThread implements AutoCloseable {
  private final ExecutorService executor;

  DeviceThread(String name) {
    this.executor =
        Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name(name).factory());
  }

  /**
   * Runs a task there and waits for its end, which no interrupt cuts short: the device would go on.
   *
   * @throws IllegalStateException if the thread has ended
   */
  void run(Runnable task) {
    if (executor.isShutdown()) {
      throw new IllegalStateException("the model has been closed");
    }
    Future<?> result = executor.submit(task);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          result.get();
          return;
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw rethrown(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static RuntimeException rethrown(Throwable cause) {
    return switch (cause) {
      case RuntimeException e -> e;
      case Error e -> throw e;
      default -> new IllegalStateException(cause);
    };
  }

  @Override
  public void close() {
    executor.close();
  }
}
