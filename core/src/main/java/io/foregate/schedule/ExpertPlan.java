package io.foregate.schedule;

import io.foregate.backend.ExpertSlots;
import io.foregate.backend.Routing;
import io.foregate.error.ForegateException;
import io.foregate.schedule.Scheduler.Ready;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.ScheduleStatistics;
import io.foregate.store.layout.ExpertRecords;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/**
 * A {@link Scheduler} at work: copiers that carry out what it orders, and a compute thread that
 * waits for what it needs. One per model.
 *
 * <p>One thread computes at a time: whoever has the model's turn calls, per batch,
 *
 * <pre>
 * begin; per layer: predicted (if it can), routed,
 *                   then next, run the wave, release, until next says false; layerDone
 * </pre>
 *
 * <p>A batch that is given up midway, by an exception say, needs no cleaning up: the next begin
 * does that. An interrupt does not end the wait for an expert, which a copy or its failure ends
 * soon; it is still set when the call returns. Allocates nothing in steady state.
 */
public final class ExpertPlan implements AutoCloseable {
  private final Scheduler scheduler;
  private final ExpertRecords records;
  private final ExpertSlots slots;
  private final ExpertGrid grid;
  private final Object lock = new Object();
  private final Copier[] copiers;
  private boolean closed;
  private Throwable broken;

  /**
   * Starts one copier per stream, on threads of the slots'.
   *
   * @param scheduler for as many slots as {@code slots} has; from now on used by this plan only
   * @param records must outlive the plan
   * @param slots must outlive the plan
   * @param streams as the scheduler was made for
   */
  public ExpertPlan(Scheduler scheduler, ExpertRecords records, ExpertSlots slots, int streams) {
    this.scheduler = scheduler;
    this.records = records;
    this.slots = slots;
    this.grid = scheduler.grid();
    copiers = new Copier[streams];
    Arrays.setAll(copiers, _ -> new Copier());
    try {
      for (int i = 0; i < streams; i++) {
        copiers[i].serving = slots.copying("foregate-copy-" + i, copiers[i]::serve);
      }
    } catch (Throwable e) { // the system has no more threads: give back those that it gave
      close();
      throw e;
    }
  }

  public Policy policy() {
    return scheduler.policy();
  }

  /** What has been done since the plan began. */
  public ScheduleStatistics statistics() {
    synchronized (lock) {
      return scheduler.statistics();
    }
  }

  /** Whether all experts are on the device, for good: no one need predict any more. */
  public boolean complete() {
    synchronized (lock) {
      return scheduler.complete();
    }
  }

  /** A forward pass of that many tokens begins. */
  public void begin(int tokens) {
    synchronized (lock) {
      requireWhole();
      scheduler.begin(tokens, System.nanoTime());
      dispatch();
    }
  }

  /** See {@link Scheduler#predicted}. */
  public void predicted(int packed, float[] probabilities, int horizon) {
    synchronized (lock) {
      scheduler.predicted(packed, probabilities, horizon, System.nanoTime());
      dispatch();
    }
  }

  /** The router has chosen: its experts are due. */
  public void routed(int packed, Routing routing) {
    synchronized (lock) {
      requireWhole();
      scheduler.routed(packed, routing.ids(), routing.tokens(), System.nanoTime());
      dispatch();
    }
  }

  /**
   * Waits until some of the layer's experts can run, those first that are there.
   *
   * @param wave is filled; give it to {@link #release} when its experts have run
   * @return false when all of the layer were handed out
   * @throws ForegateException when an expert cannot be copied to the device
   */
  public boolean next(Wave wave) {
    boolean interrupted = false;
    try {
      synchronized (lock) {
        Ready ready = poll(wave);
        while (ready == Ready.WAIT) {
          try {
            lock.wait();
          } catch (InterruptedException e) {
            interrupted = true;
          }
          ready = poll(wave);
        }
        return ready == Ready.RUN;
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private Ready poll(Wave wave) {
    requireWhole();
    Ready ready = scheduler.next(wave, System.nanoTime());
    dispatch();
    return ready;
  }

  /** The experts of a wave have run: their slots may be reused. */
  public void release(Wave wave) {
    synchronized (lock) {
      scheduler.release(wave, System.nanoTime());
      dispatch();
    }
  }

  /** The layer's experts have been combined. */
  public void layerDone(int packed) {
    synchronized (lock) {
      scheduler.layerDone(packed, System.nanoTime());
      dispatch();
    }
  }

  /** Gives idle copiers what there is to do. Wakes no one in vain. */
  private void dispatch() {
    if (closed || broken != null) {
      return;
    }
    boolean any = false;
    for (Copier copier : copiers) {
      if (copier.order == null) {
        CopyOrder order = scheduler.nextCopy(System.nanoTime());
        if (order == null) {
          break;
        }
        copier.order = order;
        any = true;
      }
    }
    if (any) {
      lock.notifyAll();
    }
  }

  private void requireWhole() {
    if (closed) {
      throw new IllegalStateException("the model has been closed");
    }
    if (broken != null) {
      throw new IllegalStateException("A copy thread failed: " + broken, broken);
    }
  }

  /** Ends the copiers, when what they are copying has arrived. Closing twice does nothing. */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
    }
    boolean interrupted = false;
    for (Copier copier : copiers) {
      interrupted |= copier.awaitEnd();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Has one platform thread for life, and carries out one order at a time. */
  private final class Copier {
    /** Done when the thread is free again; {@code null} before it has started. */
    Future<?> serving;

    /** What it is to copy, or copying; guarded by the lock. */
    CopyOrder order;

    /** Where evicted experts are copied back to: the host still has them, so it is for no one. */
    private MemorySegment bin = MemorySegment.NULL;

    /** The part of {@link #bin} that is as long as the last record. */
    private MemorySegment part = MemorySegment.NULL;

    /**
     * Waits until the thread is free again.
     *
     * @return whether the wait was interrupted
     */
    boolean awaitEnd() {
      boolean interrupted = false;
      while (serving != null && !serving.isDone()) {
        try {
          serving.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) { // serve has told of it
          return interrupted;
        }
      }
      return interrupted;
    }

    private void serve() {
      try (Arena arena = Arena.ofConfined()) {
        if (policy().eviction().writesBack()) {
          bin = arena.allocate(slots.slotBytes());
        }
        CopyOrder next = await();
        while (next != null) {
          carryOut(next);
          next = await();
        }
      } catch (Throwable e) { // no failure of a copy, which carryOut reports: one of our own
        synchronized (lock) {
          broken = e;
          lock.notifyAll();
        }
      }
    }

    /** Waits for an order; null when the plan is closed. */
    private CopyOrder await() throws InterruptedException {
      synchronized (lock) {
        while (order == null && !closed) {
          lock.wait();
        }
        return closed ? null : order;
      }
    }

    private void carryOut(CopyOrder todo) {
      Throwable failure = null;
      try {
        MemorySegment record =
            records.record(grid.layer(todo.expert()), grid.expert(todo.expert()));
        if (todo.writeBack()) {
          slots.copyBack(todo.slot(), binOf(record.byteSize()));
        } else {
          slots.copy(record, todo.from(), todo.bytes(), todo.slot());
        }
      } catch (Throwable e) {
        failure = e;
      }
      report(todo, failure);
    }

    private MemorySegment binOf(long bytes) {
      if (part.byteSize() != bytes) {
        part = bin.asSlice(0, bytes);
      }
      return part;
    }

    private void report(CopyOrder todo, Throwable failure) {
      synchronized (lock) {
        order = null;
        if (failure == null) {
          scheduler.copyDone(todo, System.nanoTime());
        } else {
          scheduler.copyFailed(todo, failure, System.nanoTime());
        }
        dispatch();
        lock.notifyAll();
      }
    }
  }
}
