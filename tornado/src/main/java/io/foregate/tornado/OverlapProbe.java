package io.foregate.tornado;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Directory;
import io.foregate.kernels.Experts;
import io.foregate.kernels.Planes;
import io.foregate.store.ExpertShape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * How much of its copies a copy engine hides behind kernels: experts of a given shape are copied
 * into slots, alone and while the expert kernels read other slots.
 *
 * <p>{@code main} prints a line of JSON per engine, of all that the device has:
 *
 * <pre>
 * OverlapProbe [EMBEDDING FEED_FORWARD TYPE ROUNDS]     4096 14336 Q4_K 5
 * </pre>
 */
public final class OverlapProbe {
  /** Slots that are copied to, and as many that kernels read. */
  private static final int SLOTS = 2;

  private static final int LANES = 64;

  /** Kernels run for so much longer than the copies, so that no copy lacks one to hide behind. */
  private static final double LONGER = 1.25;

  /** How often more kernels are tried to find enough of them, where clocks are restless. */
  private static final int MOST_TRIES = 5;

  private final ExpertShape shape;
  private final int copies;
  private final int rounds;

  /**
   * @param shape of an expert
   * @param copies experts copied in a round
   * @param rounds how often; one more warms up
   */
  public OverlapProbe(ExpertShape shape, int copies, int rounds) {
    this.shape = shape;
    this.copies = copies;
    this.rounds = rounds;
  }

  /**
   * A round, in nanoseconds.
   *
   * @param copy the copies alone
   * @param kernel kernels alone, of which there are enough for {@code kernel >= copy} if need be
   *     after some tries
   * @param together both at a time, from the first's begin to the last's end
   */
  public record Round(long copy, long kernel, long together) {

    /** The share of the copies' time that kernels hid: {@code 1 - stall / copy}. */
    public double hidden() {
      return Math.clamp(1 - (together - kernel) / (double) copy, 0, 1);
    }
  }

  /**
   * What an engine did.
   *
   * @param engine by the name that {@code --copy-engine} takes
   * @param bytes copied in a round
   */
  public record Overlap(String engine, long bytes, List<Round> rounds) {
    public Overlap {
      rounds = List.copyOf(rounds);
    }

    /** The median round's share of hidden copy time. */
    public double hidden() {
      return median(rounds.stream().mapToDouble(Round::hidden).toArray());
    }

    /** The median round's GB/s, of copies alone. */
    public double gbps() {
      return median(rounds.stream().mapToDouble(r -> bytes / (double) r.copy()).toArray());
    }

    private static double median(double[] values) {
      Arrays.sort(values);
      return values[values.length / 2];
    }

    private String json() {
      List<String> all = new ArrayList<>();
      for (Round r : rounds) {
        all.add(
            "{\"copy_ns\": %d, \"kernel_ns\": %d, \"together_ns\": %d}"
                .formatted(r.copy(), r.kernel(), r.together()));
      }
      return String.format(
          Locale.ROOT,
          "{\"engine\": \"%s\", \"bytes\": %d, \"gbps\": %.3f, \"hidden\": %.4f, \"rounds\": %s}",
          engine,
          bytes,
          gbps(),
          hidden(),
          all);
    }
  }

  /** Names of all engines, whether they work here or not. */
  public static List<String> engines() {
    return Arrays.stream(CopyEngine.values()).map(CopyEngine::id).toList();
  }

  /**
   * Measures an engine on TornadoVM's default device. Nothing else should use it meanwhile.
   *
   * @throws ForegateException saying why the engine cannot be used
   */
  public Overlap measure(String engine) {
    TornadoSettings.apply();
    long slotBytes = new PlaneLayout().recordBytes(shape);
    int slotWords = (int) (slotBytes / 4);
    var dense = new DenseArrays(new IntArray(1), new FloatArray(1), new IntArray(Directory.PARTS));
    CopyChoice choice = CopyChoice.of(CopyEngine.named(engine));
    try (var compute = new DeviceThread("foregate-device-compute");
        Arena arena = Arena.ofShared();
        DeviceMemory memory = choice.open(dense, 2 * SLOTS * slotWords, compute)) {
      MemorySegment record = arena.allocate(slotBytes, 256); // zeros: kernels are to find no NaN
      for (int slot = 0; slot < 2 * SLOTS; slot++) {
        memory.write(record, 0, slotBytes, slot * slotWords);
      }
      randomize(record);
      var kernels = new Kernels[1];
      compute.run(() -> kernels[0] = new Kernels(memory, slotWords));
      Runnable copy = () -> copy(memory, record, slotWords);
      List<Round> measured = new ArrayList<>();
      for (int round = 0; round <= rounds; round++) {
        Round found = round(compute, kernels[0], copy);
        if (round > 0) {
          measured.add(found);
        }
      }
      return new Overlap(memory.engine().id(), copies * slotBytes, measured);
    }
  }

  private static void randomize(MemorySegment record) {
    var random = new Random(1);
    for (long i = 0; i < record.byteSize() / 4; i++) {
      record.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt());
    }
  }

  private void copy(DeviceMemory memory, MemorySegment record, int slotWords) {
    for (int i = 0; i < copies; i++) {
      memory.write(record, 0, record.byteSize(), (SLOTS + i % SLOTS) * slotWords);
    }
  }

  private static Round round(DeviceThread compute, Kernels kernels, Runnable copy) {
    long copyNanos = nanos(copy);
    int count = 1;
    long kernelNanos = nanos(kernels(compute, kernels, count));
    for (int tries = 0; kernelNanos < copyNanos && tries < MOST_TRIES; tries++) {
      count = (int) Math.ceil(LONGER * count * copyNanos / kernelNanos);
      kernelNanos = nanos(kernels(compute, kernels, count));
    }
    Runnable run = kernels(compute, kernels, count);
    long together =
        nanos(
            () -> {
              CompletableFuture<Void> beside = CompletableFuture.runAsync(copy);
              run.run();
              beside.join();
            });
    return new Round(copyNanos, kernelNanos, together);
  }

  private static Runnable kernels(DeviceThread compute, Kernels kernels, int count) {
    return () -> {
      for (int i = 0; i < count; i++) {
        compute.run(kernels::execute);
      }
    };
  }

  private static long nanos(Runnable action) {
    long start = System.nanoTime();
    action.run();
    return System.nanoTime() - start;
  }

  /** The kernels of a layer's experts, in a plan as sequences have one. */
  private final class Kernels {
    private final IntArray step = new IntArray(Experts.PLACES + 2 * SLOTS);
    private final GridScheduler grid = new GridScheduler();
    private final TornadoExecutionPlan plan;

    Kernels(DeviceMemory memory, int slotWords) {
      var x = new FloatArray(shape.embedding());
      var hidden = new FloatArray(SLOTS * shape.feedForward());
      var weights = new FloatArray(SLOTS);
      var out = new FloatArray(SLOTS * shape.embedding());
      step.set(1, SLOTS);
      step.set(2, 1);
      for (int i = 0; i < SLOTS; i++) {
        step.set(Experts.PLACES + i, i * slotWords);
        step.set(Experts.PLACES + SLOTS + i, i);
      }
      var context = new KernelContext();
      TaskGraph graph =
          new TaskGraph("probe")
              .consumeFromDevice(memory.shared())
              .transferToDevice(DataTransferMode.FIRST_EXECUTION, x, hidden, weights, out)
              .transferToDevice(DataTransferMode.EVERY_EXECUTION, step)
              .task(
                  "gateUp",
                  Experts::gateUp,
                  context,
                  step,
                  memory.pool(),
                  x,
                  hidden,
                  shape.gate().id(),
                  shape.up().id(),
                  (int) (PlaneLayout.upOffset(shape) / 4),
                  shape.feedForward(),
                  shape.embedding())
              .task(
                  "down",
                  Experts::down,
                  context,
                  step,
                  memory.pool(),
                  hidden,
                  weights,
                  out,
                  x,
                  shape.down().id(),
                  (int) (PlaneLayout.downOffset(shape) / 4),
                  shape.embedding(),
                  shape.feedForward(),
                  SLOTS)
              .persistOnDevice(memory.shared());
      memory.launch(grid);
      Launches.groups(
          grid,
          "probe.gateUp",
          SLOTS * shape.feedForward(),
          Launches.lanes(shape.embedding() / Planes.UNIT, LANES));
      Launches.groups(
          grid,
          "probe.down",
          shape.embedding(),
          Launches.lanes(shape.feedForward() / Planes.UNIT, LANES));
      this.plan = new TornadoExecutionPlan(memory.upload(), graph.snapshot());
      memory.exclusively(() -> plan.withGraph(0).withGridScheduler(grid).execute());
    }

    void execute() {
      plan.withGraph(1).withGridScheduler(grid).execute();
    }
  }

  /** See the class. */
  public static void main(String[] args) {
    int embedding = args.length > 0 ? Integer.parseInt(args[0]) : 4096;
    int feedForward = args.length > 1 ? Integer.parseInt(args[1]) : 14336;
    GgmlType type = GgmlType.valueOf(args.length > 2 ? args[2] : "Q4_K");
    int rounds = args.length > 3 ? Integer.parseInt(args[3]) : 5;
    var shape = new ExpertShape(embedding, feedForward, type, type, type);
    var probe = new OverlapProbe(shape, 2 * SLOTS, rounds);
    for (String engine : engines()) {
      System.out.println(line(probe, engine));
    }
    System.exit(0); // TornadoVM's threads would stay
  }

  private static String line(OverlapProbe probe, String engine) {
    try {
      return probe.measure(engine).json();
    } catch (ForegateException e) {
      return "{\"engine\": \"%s\", \"left_alone\": \"%s\"}"
          .formatted(engine, e.getMessage().replaceAll("[\"\\\\\n]", " "));
    }
  }
}
