package io.foregate.tornado;

import io.foregate.error.ForegateException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * Which engine copies into a model's slots: the fastest of those that pass a {@link CopyTest} on
 * the memory itself, before it holds anything.
 *
 * @param wanted the engine that the user forces; empty for the best
 * @param opener sets an engine up
 */
record CopyChoice(
    Optional<CopyEngine> wanted, BiFunction<CopyEngine, DeviceMemory, Upload> opener) {
  private static final System.Logger LOG = System.getLogger(CopyChoice.class.getName());

  /** A pool shorter than this is for no experts, and nothing will be copied. */
  private static final int LEAST_WORDS = 1024;

  /** An engine must be faster by this to be taken before one that is preferred. */
  private static final double LEAD = 1.1;

  /** An engine that passed, and its speed. */
  private record Passed(CopyEngine engine, double gbps) {}

  static CopyChoice of(Optional<CopyEngine> wanted) {
    return new CopyChoice(wanted, CopyEngine::open);
  }

  /**
   * Claims memory with the chosen engine.
   *
   * @param compute see {@link DeviceMemory}
   * @throws ForegateException saying why the engine that was forced cannot be used
   * @throws RuntimeException if the device has no such memory
   */
  DeviceMemory open(DenseArrays dense, int poolWords, DeviceThread compute) {
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
    LOG.log(System.Logger.Level.WARNING, "No copy engine works beside kernels.");
    return new CopyChoice(Optional.of(CopyEngine.SYNCHRONOUS), opener)
        .open(dense, poolWords, compute);
  }

  private void force(DeviceMemory memory, CopyEngine engine) {
    try {
      double gbps = tested(memory, engine);
      LOG.log(System.Logger.Level.INFO, "Copy engine {0}, as chosen: {1} GB/s", engine.id(), gbps);
    } catch (RuntimeException e) {
      throw new ForegateException(
          "Copy engine '%s' cannot be used: %s.".formatted(engine.id(), reason(e)),
          "Leave --copy-engine out for the best that works here.",
          e);
    }
  }

  private Optional<CopyEngine> best(DeviceMemory memory) {
    if (memory.poolWords() < LEAST_WORDS) {
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
    LOG.log(
        System.Logger.Level.INFO,
        "Copy engine {0}: the fastest that passed its self-test, of {1}",
        best.engine().id(),
        passed);
    return Optional.of(best.engine());
  }

  private Optional<Passed> tried(DeviceMemory memory, CopyEngine engine) {
    try {
      return Optional.of(new Passed(engine, tested(memory, engine)));
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.INFO, "Copy engine {0} left alone: {1}", engine.id(), reason(e));
      return Optional.empty();
    }
  }

  private double tested(DeviceMemory memory, CopyEngine engine) {
    use(memory, engine);
    return memory.poolWords() < LEAST_WORDS ? 0 : CopyTest.gbps(memory);
  }

  private void use(DeviceMemory memory, CopyEngine engine) {
    memory.use(engine, () -> opener.apply(engine, memory));
  }

  private static String reason(RuntimeException e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }
}
