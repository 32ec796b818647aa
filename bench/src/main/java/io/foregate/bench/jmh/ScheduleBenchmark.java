package io.foregate.bench.jmh;

import io.foregate.schedule.CopyOrder;
import io.foregate.schedule.ScheduleListener;
import io.foregate.schedule.Scheduler;
import io.foregate.schedule.Wave;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.Timings;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the scheduler itself takes per layer of a decoded token, all decisions about copies
 * included: virtual time, nothing is copied or computed.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ScheduleBenchmark {
  private static final int RECORDED = 4096;
  private static final long BYTES = 10 << 20;
  private static final long COPY_NANOS = 3_000_000;
  private static final long EXPERT_NANOS = 1_000_000;
  private static final long ATTENTION_NANOS = 300_000;

  /** Layers x experts x experts used: the demo, Mixtral 8x7B, Qwen3 30B-A3B. */
  @Param({"12x8x2", "32x8x2", "48x128x8"})
  private String model;

  /** Policies. */
  @Param({"lookahead", "lru"})
  private String policy;

  private ExpertGrid grid;
  private Scheduler scheduler;
  private Wave wave;
  private int[][] chosen;
  private float[][] probabilities;
  private CopyOrder flying;
  private long flyingEnd;
  private long now;
  private int layer;
  private int step;

  /** Makes up routing that prefers some experts, and gates that are sometimes right. */
  @Setup
  public void open() {
    int[] sizes = Arrays.stream(model.split("x")).mapToInt(Integer::parseInt).toArray();
    grid = new ExpertGrid(sizes[0], sizes[1], sizes[2]);
    long[] bytes = new long[grid.layers()];
    Arrays.fill(bytes, BYTES);
    scheduler =
        new Scheduler(
            grid,
            Policy.named(policy),
            grid.total() / 2,
            bytes,
            1,
            Timings.UNKNOWN,
            ScheduleListener.NONE);
    wave = new Wave(grid.experts());
    Random random = new Random(1);
    chosen = new int[RECORDED][];
    probabilities = new float[RECORDED][Policy.HORIZON * grid.experts()];
    for (int i = 0; i < RECORDED; i++) {
      chosen[i] =
          random
              .ints(0, grid.experts())
              .map(e -> Math.min(e, random.nextInt(grid.experts())))
              .distinct()
              .limit(grid.used())
              .toArray();
      for (int p = 0; p < probabilities[i].length; p++) {
        probabilities[i][p] = random.nextFloat() * random.nextFloat() * random.nextFloat();
      }
    }
  }

  /** One layer, from the end of the one before to its own. */
  @Benchmark
  public void layer() {
    if (layer == 0) {
      scheduler.begin(1, now);
    }
    advance(ATTENTION_NANOS);
    step = (step + 1) % RECORDED;
    scheduler.predicted(layer, probabilities[step], Policy.HORIZON, now);
    startCopy();
    scheduler.routed(layer, chosen[step], 1, now);
    startCopy();
    Scheduler.Ready ready = scheduler.next(wave, now);
    while (ready != Scheduler.Ready.FINISHED) {
      if (ready == Scheduler.Ready.WAIT) {
        advance(flyingEnd - now);
      } else {
        advance(wave.count() * EXPERT_NANOS);
        scheduler.release(wave, now);
        startCopy();
      }
      ready = scheduler.next(wave, now);
    }
    scheduler.layerDone(layer, now);
    startCopy();
    layer = (layer + 1) % grid.layers();
  }

  private void startCopy() {
    if (flying == null) {
      flying = scheduler.nextCopy(now);
      if (flying != null) {
        flyingEnd = now + COPY_NANOS * flying.bytes() / BYTES;
      }
    }
  }

  private void advance(long nanos) {
    long until = now + nanos;
    while (flying != null && flyingEnd <= until) {
      now = flyingEnd;
      CopyOrder landed = flying;
      flying = null;
      scheduler.copyDone(landed, now);
      startCopy();
    }
    now = until;
  }
}
