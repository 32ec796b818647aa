package io.foregate.tornado.device;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;

/**
 * The one platform thread that executes some plans: TornadoVM keys a plan's command queue by
 * thread, and a plan that is executed by several threads breaks.
 */
public final class DeviceThread implements AutoCloseable {
  private final ExecutorService executor;
  private volatile Thread thread;

  public DeviceThread(String name) {
    ThreadFactory factory = Thread.ofPlatform().daemon().name(name).factory();
    this.executor =
        Executors.newSingleThreadExecutor(
            work -> {
              thread = factory.newThread(work);
              return thread;
            });
  }

  /** Whether the caller is that thread. */
  public boolean isCurrent() {
    return Thread.currentThread().equals(thread);
  }

  /** Starts work there, which has the thread for itself until it ends. */
  public Future<?> start(Runnable work) {
    return executor.submit(work);
  }

  /**
   * Runs a task there and waits for its end, which no interrupt cuts short: the device would go on.
   * At once if the caller is that thread.
   *
   * @throws IllegalStateException if the thread has ended
   */
  public void run(Runnable task) {
    if (executor.isShutdown()) {
      throw new IllegalStateException("the model has been closed");
    }
    if (isCurrent()) {
      task.run();
      return;
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
