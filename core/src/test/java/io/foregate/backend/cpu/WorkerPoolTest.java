package io.foregate.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class WorkerPoolTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7})
  void everyIndexIsDoneOnceInEveryRegion(int threads) {
    try (var pool = new WorkerPool(threads)) {
      for (int region = 0; region < 2_000; region++) {
        int total = region % 97;
        var done = new AtomicIntegerArray(97);
        pool.run(
            total,
            1 + region % 5,
            (from, to, worker) -> {
              assertThat(worker).isBetween(0, threads - 1);
              for (int i = from; i < to; i++) {
                done.incrementAndGet(i);
              }
            });
        for (int i = 0; i < 97; i++) {
          assertThat(done.get(i)).as("index %d of %d", i, total).isEqualTo(i < total ? 1 : 0);
        }
      }
    }
  }

  /** Whatever the order in which workers claim them: a piece depends on what is left alone. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void piecesAreMultiplesThatBecomeSmaller(int threads) {
    try (var pool = new WorkerPool(threads)) {
      int[] sizes = new int[1000];
      pool.run(1000, 32, (from, to, worker) -> sizes[from] = to - from);
      int[] pieces = IntStream.of(sizes).filter(size -> size > 0).toArray();
      assertThat(IntStream.of(pieces).sum()).isEqualTo(1000);
      assertThat(pieces[0]).isEqualTo(1000 / (2 * threads) / 32 * 32);
      for (int i = 1; i < pieces.length; i++) {
        assertThat(pieces[i]).as("piece %d", i).isLessThanOrEqualTo(pieces[i - 1]);
      }
      for (int i = 0; i < pieces.length - 1; i++) {
        assertThat(pieces[i] % 32).as("piece %d", i).isZero();
      }
      assertThat(pieces[pieces.length - 1]).isLessThanOrEqualTo(32);
    }
  }

  @Test
  void whatWorkersWroteIsSeenByTheCaller() {
    try (var pool = new WorkerPool(4)) {
      long[] plain = new long[1000];
      for (int region = 1; region <= 5_000; region++) {
        long value = region;
        pool.run(
            plain.length,
            50,
            (from, to, worker) -> {
              for (int i = from; i < to; i++) {
                plain[i] += value;
              }
            });
      }
      assertThat(plain).containsOnly(5_000L * 5_001 / 2);
    }
  }

  @Test
  void workersThatParkedWakeUpAgain() throws InterruptedException {
    try (var pool = new WorkerPool(3)) {
      for (int i = 0; i < 5; i++) {
        Thread.sleep(30); // longer than idle workers spin
        var all = new CyclicBarrier(3); // no thread can do another's index
        var done = new AtomicIntegerArray(3);
        pool.run(
            3,
            1,
            (from, to, worker) -> {
              await(all);
              done.incrementAndGet(worker);
            });
        for (int worker = 0; worker < 3; worker++) {
          assertThat(done.get(worker)).as("worker %d", worker).isEqualTo(1);
        }
      }
    }
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await(10, TimeUnit.SECONDS);
    } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
      throw new AssertionError("not all workers came", e);
    }
  }

  @Test
  void threadsThatWereStartedEndWhenTheRestCannotBe() {
    List<Thread> made = new ArrayList<>();
    ThreadFactory factory =
        task -> {
          Thread thread =
              made.size() < 2
                  ? new Thread(task)
                  : new Thread(task) {
                    @Override
                    public void start() {
                      throw new OutOfMemoryError("planted");
                    }
                  };
          made.add(thread);
          return thread;
        };
    assertThatThrownBy(() -> new WorkerPool(9, factory)).hasMessage("planted");
    assertThat(made).hasSize(3).noneMatch(Thread::isAlive);
  }

  @Test
  void aFailureReachesTheCallerAndThePoolGoesOn() {
    try (var pool = new WorkerPool(2)) {
      for (int i = 0; i < 100; i++) {
        assertThatThrownBy(
                () ->
                    pool.run(
                        10,
                        1,
                        (from, to, worker) -> {
                          if (from <= 5 && 5 < to) {
                            throw new ArithmeticException("planted");
                          }
                        }))
            .hasRootCauseMessage("planted");
        var done = new AtomicIntegerArray(10);
        pool.run(
            10,
            1,
            (from, to, worker) -> {
              for (int j = from; j < to; j++) {
                done.incrementAndGet(j);
              }
            });
        for (int j = 0; j < 10; j++) {
          assertThat(done.get(j)).isEqualTo(1);
        }
      }
    }
  }
}
