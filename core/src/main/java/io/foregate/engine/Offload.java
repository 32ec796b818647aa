package io.foregate.engine;

import io.foregate.backend.BackendModel;
import io.foregate.backend.ExpertMemory;
import io.foregate.backend.ExpertSlots;
import io.foregate.backend.Sequence;
import io.foregate.error.ForegateException;
import io.foregate.gate.LookaheadGates;
import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelWeights;
import io.foregate.schedule.ExpertGrid;
import io.foregate.schedule.ExpertPlan;
import io.foregate.schedule.Policy;
import io.foregate.schedule.ScheduleListener;
import io.foregate.schedule.ScheduleStatistics;
import io.foregate.schedule.Scheduler;
import io.foregate.schedule.SlotBudget;
import io.foregate.schedule.Timings;
import io.foregate.store.BuildListener;
import io.foregate.store.ExpertRecords;
import io.foregate.store.ExpertStore;
import io.foregate.store.PackedLayers;
import io.foregate.store.Tier;
import io.foregate.store.TierChoice;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/**
 * A model's experts that do not all fit into device memory: the store that holds them, the slots
 * that hold some of them, and the plan that moves them. Shared by the model's sessions.
 */
final class Offload implements AutoCloseable {
  /** Copies in flight at once: the second waits for the link, and could no longer be cancelled. */
  private static final int STREAMS = 1;

  private final ModelConfig config;
  private final PackedLayers packed;
  private final Policy policy;
  private final Predictors predictors;
  private final ResourceStack resources;
  private final ExpertStore store;
  private final ScheduledRunner.Places places;
  private final ExpertPlan plan;

  private Offload(
      GgufFile file,
      ModelConfig config,
      ModelWeights weights,
      BackendModel model,
      ExpertOptions options,
      LongSupplier left,
      BuildListener listener,
      ResourceStack resources) {
    this.resources = resources;
    this.config = config;
    this.packed = PackedLayers.of(weights.layers(), model.expertLayout());
    var grid = new ExpertGrid(packed.count(), config.experts(), config.expertsUsed());
    this.policy = options.policy();
    // Whatever can be wrong is found before a store is built, which takes its time.
    if (policy.hostFallback() && options.store().tier() == TierChoice.FILE) {
      throw notInMemory("as chosen");
    }
    this.predictors = Predictors.of(file, config, weights, options, resources);
    predictors.gates().map(LookaheadGates::matrices).ifPresent(model::useGates);
    int count = slots(config, packed, model, fitting(options, left));
    ScheduleListener events = listener(options, grid);
    this.store =
        resources.add(
            ExpertStore.open(file, weights, model.expertLayout(), options.store(), listener));
    int least = policy.leastSlots(grid);
    ExpertSlots slots = resources.add(model.newSlots(count, least, options.link()));
    this.places =
        new ScheduledRunner.Places(
            slots,
            policy.hostFallback() ? hostExperts(model) : null,
            packed.unpacked() > 0 ? model.unpackedExperts() : null);
    long[] bytes =
        IntStream.range(0, packed.count())
            .map(packed::layer)
            .mapToLong(store::recordBytes)
            .toArray();
    var scheduler =
        new Scheduler(grid, policy, slots.count(), bytes, STREAMS, Timings.UNKNOWN, events);
    ExpertRecords records =
        store.tier() == Tier.RAM
            ? packedRecords()
            : resources.add(new StagedRecords(store, packed));
    this.plan = resources.add(new ExpertPlan(scheduler, records, slots, STREAMS));
  }

  /**
   * Makes everything that the policy needs.
   *
   * @param left device memory for experts, in bytes, where the options leave that to the device
   * @throws ForegateException when there is no room, on the host or in the budget, or the gates do
   *     not fit the model
   */
  static Offload open(
      GgufFile file,
      ModelConfig config,
      ModelWeights weights,
      BackendModel model,
      ExpertOptions options,
      LongSupplier left,
      BuildListener listener) {
    var resources = new ResourceStack();
    try {
      return new Offload(file, config, weights, model, options, left, listener, resources);
    } catch (RuntimeException | Error e) {
      resources.close();
      throw e;
    }
  }

  private ExpertMemory hostExperts(BackendModel model) {
    if (store.tier() != Tier.RAM) {
      throw notInMemory(store.reason());
    }
    return model.hostExperts(packedRecords());
  }

  /** The store's records, by packed layer. */
  private ExpertRecords packedRecords() {
    return (layer, expert) -> store.record(packed.layer(layer), expert);
  }

  private ForegateException notInMemory(String reason) {
    return new ForegateException(
        "Policy %s computes from host memory, and the experts are in a file (%s)."
            .formatted(policy.name(), reason),
        "Keep them in memory (--store ram), or choose --policy lookahead.");
  }

  /**
   * Asks the device how much it has left, where the options leave it to that.
   *
   * @param left what it has left for experts, in bytes
   */
  static ExpertOptions fitting(ExpertOptions options, LongSupplier left) {
    return options.slots() instanceof SlotBudget.Auto
        ? options.withSlots(new SlotBudget.Bytes(left.getAsLong()))
        : options;
  }

  /**
   * How many experts are to lie on the device.
   *
   * @throws ForegateException when fewer than the policy needs
   */
  static int slots(
      ModelConfig config, PackedLayers packed, BackendModel model, ExpertOptions options) {
    var grid = new ExpertGrid(packed.count(), config.experts(), config.expertsUsed());
    long slotBytes = packed.maxRecordBytes(model.expertLayout());
    return options.slots().slots(grid, slotBytes, options.policy());
  }

  private ScheduleListener listener(ExpertOptions options, ExpertGrid grid) {
    var events = new JfrEvents(grid);
    if (options.timeline().isEmpty()) {
      return events;
    }
    Timeline timeline = resources.add(Timeline.create(options.timeline().get(), grid));
    return new Listeners(events, timeline);
  }

  /** How a sequence's experts run. */
  ExpertRunner runner(Sequence sequence) {
    return new ScheduledRunner(config, packed, sequence, plan, places, predictors.maker().get());
  }

  ScheduleStatistics statistics() {
    return plan.statistics();
  }

  /** Ends the copies, then gives memory and files back. Closing twice does nothing. */
  @Override
  public void close() {
    resources.close();
  }
}
