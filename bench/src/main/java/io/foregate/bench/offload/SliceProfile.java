package io.foregate.bench.offload;

import io.foregate.backend.BackendModel;
import io.foregate.backend.ExpertSlots;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.backend.cpu.CpuBackend;
import io.foregate.bench.measure.Report;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.HostStore;
import io.foregate.options.KvType;
import io.foregate.options.Link;
import io.foregate.schedule.sim.Profile;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.store.BuildListener;
import io.foregate.store.ExpertStore;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What each step of decoding a slice takes on this machine, measured step by step: all that the
 * simulator is told before it predicts what {@link OffloadBench} measures.
 */
public final class SliceProfile {
  private static final int WARM_UP = 40;
  private static final int TOKENS = 40;
  private static final int COPIES = 60;
  private static final int HAND_OFFS = 4000;
  private static final double MICRO = 1e3;

  private final GgmlType type;
  private final double linkGbps;
  private final ModelConfig config;
  private final ExpertGrid grid;
  private final ExpertStore store;
  private final BackendModel model;

  private SliceProfile(
      GgmlType type, double linkGbps, ModelConfig config, ExpertStore store, BackendModel model) {
    this.type = type;
    this.linkGbps = linkGbps;
    this.config = config;
    this.grid = new ExpertGrid(config.layers(), config.experts(), config.expertsUsed());
    this.store = store;
    this.model = model;
  }

  /**
   * Measures a slice; takes some seconds.
   *
   * @param linkGbps of the link that copies are throttled to
   */
  static Profile measure(GgmlType type, Path slice, double linkGbps) {
    try (GgufFile file = GgufFile.open(slice)) {
      ModelConfig config = ModelConfigReader.read(file);
      ModelWeights weights = ModelReader.read(file, config);
      try (BackendModel model = new CpuBackend().open(config, weights, 1);
          ExpertStore store =
              ExpertStore.open(
                  file, weights, model.expertLayout(), HostStore.auto(), BuildListener.NONE)) {
        return new SliceProfile(type, linkGbps, config, store, model).measure();
      }
    }
  }

  private Profile measure() {
    try (ExpertSlots slots = model.newSlots(grid.total(), new Link(linkGbps, Link.AUTO))) {
      for (int id = 0; id < grid.total(); id++) {
        slots.copy(store.record(grid.layer(id), grid.expert(id)), id);
      }
      double gbps = copySpeed(slots);
      Steps idle = decode(slots);
      Steps busy = decodeWhileCopying(slots);
      return new Profile(
          "here-%s-%sgbps".formatted(type, linkGbps),
          "This machine, one compute thread, experts in " + type,
          Profile.MEASURED,
          0,
          0,
          store.maxRecordBytes(),
          gbps,
          handOffMicros(),
          1,
          idle.attentionMicros(),
          idle.gatesMicros(),
          idle.expertMicros(),
          0,
          idle.headMicros(),
          Math.min(1, idle.expertMicros() / busy.expertMicros()),
          List.of(
              "Medians over %d tokens with nothing beside them.".formatted(TOKENS),
              "The link: copies throttled to %s GB/s, with nothing beside them."
                  .formatted(linkGbps),
              "Computing while copying: experts beside such copies without a pause.",
              "Latency: a thread that waits for a lock is woken.",
              "Gates are replayed: they take what it takes to hand over their input."));
    }
  }

  /** In GB/s. */
  private double copySpeed(ExpertSlots slots) {
    double[] speeds = new double[COPIES];
    for (int i = 0; i < COPIES; i++) {
      long start = System.nanoTime();
      copy(slots, i);
      speeds[i] = (double) store.maxRecordBytes() / (System.nanoTime() - start);
    }
    return Report.median(Arrays.stream(speeds));
  }

  /** Copies an expert to where it is already. */
  private void copy(ExpertSlots slots, int number) {
    int id = number % grid.total();
    slots.copy(store.record(grid.layer(id), grid.expert(id)), id);
  }

  private Steps decodeWhileCopying(ExpertSlots slots) {
    var over = new AtomicBoolean();
    Thread copier =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  for (int i = 0; !over.get(); i++) {
                    copy(slots, i);
                  }
                });
    try {
      return decode(slots);
    } finally {
      over.set(true);
      join(copier);
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted while measuring", e);
    }
  }

  private record Steps(
      double attentionMicros, double gatesMicros, double expertMicros, double headMicros) {}

  private Steps decode(ExpertSlots slots) {
    double[] attention = new double[TOKENS];
    double[] gates = new double[TOKENS];
    double[] experts = new double[TOKENS];
    double[] head = new double[TOKENS];
    float[] input = new float[config.embedding()];
    float[] logits = new float[config.vocabulary()];
    int[] token = new int[1];
    int[] ids = new int[grid.used()];
    int[] places = new int[grid.used()];
    try (Sequence sequence = model.newSequence(WARM_UP + TOKENS, KvType.F16)) {
      for (int t = 0; t < WARM_UP + TOKENS; t++) {
        int i = Math.max(0, t - WARM_UP);
        attention[i] = 0;
        gates[i] = 0;
        experts[i] = 0;
        token[0] = t;
        long start = System.nanoTime();
        sequence.embed(token, 0, 1, t);
        for (int layer = 0; layer < grid.layers(); layer++) {
          sequence.attention(layer);
          Routing routing = sequence.route(layer);
          for (int rank = 0; rank < ids.length; rank++) {
            ids[rank] = routing.ids()[rank];
            places[rank] = grid.id(layer, ids[rank]);
          }
          long routed = System.nanoTime();
          sequence.gateInput(0, input);
          long gated = System.nanoTime();
          sequence.runExperts(layer, slots, ids, places, ids.length);
          long ran = System.nanoTime();
          sequence.combineExperts(layer);
          long end = System.nanoTime();
          attention[i] += routed - start + end - ran;
          gates[i] += gated - routed;
          experts[i] += ran - gated;
          start = end;
        }
        sequence.logits(0, 1, logits);
        head[i] = System.nanoTime() - start;
      }
    }
    double layers = grid.layers() * MICRO;
    return new Steps(
        Report.median(Arrays.stream(attention)) / layers,
        Report.median(Arrays.stream(gates)) / layers,
        Report.median(Arrays.stream(experts)) / layers / grid.used(),
        Report.median(Arrays.stream(head)) / MICRO);
  }

  /** What it takes to wake a thread that waits for a lock's signal. */
  private static double handOffMicros() {
    var ball = new Ball();
    Thread partner = Thread.ofPlatform().daemon().start(ball::play);
    double[] micros = new double[HAND_OFFS];
    try {
      for (int i = 0; i < HAND_OFFS; i++) {
        long start = System.nanoTime();
        ball.serve();
        micros[i] = (System.nanoTime() - start) / (2 * MICRO);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted while measuring", e);
    } finally {
      partner.interrupt();
    }
    return Report.median(Arrays.stream(micros));
  }

  /** Two threads that wake each other in turn. */
  private static final class Ball {
    private boolean there;

    synchronized void serve() throws InterruptedException {
      there = true;
      notifyAll();
      while (there) {
        wait();
      }
    }

    synchronized void play() {
      try {
        while (true) {
          while (!there) {
            wait();
          }
          there = false;
          notifyAll();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt(); // the game is over
      }
    }
  }
}
