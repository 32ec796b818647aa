package io.foregate.tornado.copy;

import io.foregate.error.ForegateException;
import io.foregate.tornado.device.DeviceThread;
import io.foregate.tornado.weights.DenseArrays;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Which engine copies into a model's slots: the fastest of those that pass a {@link CopyTrial} on
 * the memory itself, before it holds anything.
 *
 * @param wanted the engine that the user forces; empty for the best
 * @param opener sets an engine up
 * @param told of the choice, and why others were left alone, in sentences
 */
public record CopyChoice(
    Optional<CopyEngine> wanted,
    BiFunction<CopyEngine, DeviceMemory, Upload> opener,
    Consumer<String> told) {
  private static final System.Logger LOG = System.getLogger(CopyChoice.class.getName());

  /** A pool shorter than this is for no experts, and nothing will be copied. */
  private static final int MIN_WORDS = 1024;

  /** An engine must be faster by this to be taken before one that is preferred. */
  private static final double LEAD = 1.1;

  /** An engine that passed, and its speed. */
  private record Passed(CopyEngine engine, double gbps) {
    String describe() {
      return String.format(Locale.ROOT, "%s with %.1f GB/s", engine.id(), gbps);
    }
  }

  /** Says in the log what it chose. */
  public static CopyChoice of(Optional<CopyEngine> wanted) {
    return new CopyChoice(
        wanted, CopyEngine::open, choice -> LOG.log(System.Logger.Level.TRACE, "{0}", choice));
  }

  /**
   * Tries all engines on the default device, in memory just large enough.
   *
   * @param told as the choice's
   */
  public static void tryAll(Consumer<String> told) {
    var none = new DenseArrays(new IntArray(1), new FloatArray(1), new IntArray(1));
    var choice = new CopyChoice(Optional.empty(), CopyEngine::open, told);
    try (var compute = new DeviceThread("foregate-device-compute")) {
      choice.open(none, CopyTrial.MAX_POOL_WORDS, compute).close();
    }
  }

  /**
   * Claims memory with the chosen engine.
   *
   * @param compute see {@link DeviceMemory}
   * @throws ForegateException saying why the engine that was forced cannot be used
   * @throws RuntimeException if the device has no such memory
   */
  public DeviceMemory open(DenseArrays dense, int poolWords, DeviceThread compute) {
    boolean beside = wanted.isEmpty() || wanted.get().isBesideKernels();
    var memory = new DeviceMemory(dense, poolWords, beside, compute);
    try {
      if (wanted.isPresent()) {
        force(memory, wanted.get());
        return memory;
      }
      Optional<CopyEngine> best = best(memory);
      if (best.isPresent()) {
        use(memory, best.get());
        return memory;
      }
    } catch (RuntimeException e) {
      memory.close();
      throw e;
    }
    memory.close();
    LOG.log(System.Logger.Level.DEBUG, "No copy engine works beside kernels.");
    return new CopyChoice(Optional.of(CopyEngine.SYNCHRONOUS), opener, told)
        .open(dense, poolWords, compute);
  }

  private void force(DeviceMemory memory, CopyEngine engine) {
    try {
      var passed = new Passed(engine, tested(memory, engine));
      told.accept("copy engine: %s, the only one asked".formatted(passed.describe()));
    } catch (RuntimeException e) {
      throw new ForegateException(
          "Copy engine '%s' cannot be used: %s.".formatted(engine.id(), reason(e)),
          "Leave the [[copy engine]] to the backend for the best that works here.",
          e);
    }
  }

  private Optional<CopyEngine> best(DeviceMemory memory) {
    if (memory.poolWords() < MIN_WORDS) {
      return Optional.of(CopyEngine.TRANSFERS);
    }
    List<Passed> passed = new ArrayList<>();
    for (CopyEngine engine : CopyEngine.values()) {
      if (engine.isBesideKernels()) {
        tried(memory, engine).ifPresent(passed::add);
      }
    }
    Passed best = null;
    for (Passed next : passed) {
      if (best == null || next.gbps() > LEAD * best.gbps()) {
        best = next;
      }
    }
    if (best == null) {
      return Optional.empty();
    }
    told.accept(
        "copy engine: %s (passed their self-tests: %s)"
            .formatted(
                best.engine().id(),
                passed.stream().map(Passed::describe).collect(Collectors.joining(", "))));
    return Optional.of(best.engine());
  }

  private Optional<Passed> tried(DeviceMemory memory, CopyEngine engine) {
    try {
      return Optional.of(new Passed(engine, tested(memory, engine)));
    } catch (RuntimeException e) {
      told.accept("copy engine %s left alone: %s".formatted(engine.id(), reason(e)));
      return Optional.empty();
    }
  }

  private double tested(DeviceMemory memory, CopyEngine engine) {
    use(memory, engine);
    return memory.poolWords() < MIN_WORDS ? 0 : CopyTrial.gbps(memory);
  }

  private void use(DeviceMemory memory, CopyEngine engine) {
    memory.use(engine, () -> opener.apply(engine, memory));
  }

  private static String reason(RuntimeException e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }
}
