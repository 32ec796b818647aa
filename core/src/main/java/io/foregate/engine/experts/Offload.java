package io.foregate.engine.experts;

import io.foregate.backend.BackendModel;
import io.foregate.backend.ExpertSlots;
import io.foregate.backend.Sequence;
import io.foregate.error.ForegateException;
import io.foregate.gate.LookaheadGates;
import io.foregate.model.ModelConfig;
import io.foregate.options.Offloading;
import io.foregate.options.SlotBudget;
import io.foregate.schedule.ExpertPlan;
import io.foregate.schedule.ScheduleListener;
import io.foregate.schedule.Scheduler;
import io.foregate.schedule.SlotCount;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.ScheduleStatistics;
import io.foregate.schedule.state.Timings;
import io.foregate.store.BuildListener;
import io.foregate.store.ExpertStore;
import io.foregate.store.Tier;
import io.foregate.store.layout.ExpertRecords;
import io.foregate.store.layout.PackedLayers;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/**
 * A model's experts that do not all fit into device memory: the store that holds them, the slots
 * that hold some of them, and the plan that moves them. Shared by the model's sessions.
 */
public final class Offload implements AutoCloseable {
  /** Copies in flight at once: the second waits for the link, and could no longer be cancelled. */
  private static final int STREAMS = 1;

  private final ModelConfig config;
  private final PackedLayers packed;
  private final Predictors predictors;
  private final ResourceStack resources;
  private final ExpertStore store;
  private final ScheduledRunner.Places places;
  private final ExpertPlan plan;

  private Offload(
      LoadedModel loaded,
      ExpertMovement movement,
      LongSupplier left,
      BuildListener listener,
      ResourceStack resources) {
    BackendModel model = loaded.device();
    this.resources = resources;
    this.config = loaded.config();
    this.packed = PackedLayers.of(loaded.weights().layers(), model.expertLayout());
    var grid = new ExpertGrid(packed.count(), config.experts(), config.expertsUsed());
    Offloading options = movement.options();
    Policy policy = movement.policy();
    // Whatever can be wrong is found before a store is built, which takes its time.
    this.predictors = Predictors.of(loaded, movement, resources);
    predictors.gates().map(LookaheadGates::matrices).ifPresent(model::useGates);
    int count = slots(config, packed, model, fitting(movement, left));
    ScheduleListener events = listener(options, grid);
    this.store =
        resources.add(
            ExpertStore.open(
                loaded.file(), loaded.weights(), model.expertLayout(), options.store(), listener));
    ExpertRecords records =
        store.tier() == Tier.RAM ? store : resources.add(new StagedRecords(store));
    int least = policy.leastSlots(grid);
    ExpertSlots slots = resources.add(model.newSlots(count, least, options.link()));
    this.places =
        new ScheduledRunner.Places(
            slots,
            policy.hostFallback() ? model.hostExperts(records) : null,
            packed.unpacked() > 0 ? model.unpackedExperts() : null);
    long[] bytes = IntStream.range(0, packed.count()).mapToLong(store::recordBytes).toArray();
    var scheduler =
        new Scheduler(grid, policy, slots.count(), bytes, STREAMS, Timings.UNKNOWN, events);
    this.plan = resources.add(new ExpertPlan(scheduler, records, slots, STREAMS));
  }

  /**
   * Makes everything that the policy needs.
   *
   * @param left device memory for experts, in bytes, where the options leave that to the device
   * @throws ForegateException when there is no room, on the host or in the budget, or the gates do
   *     not fit the model
   */
  public static Offload open(
      LoadedModel loaded, ExpertMovement movement, LongSupplier left, BuildListener listener) {
    var resources = new ResourceStack();
    try {
      return new Offload(loaded, movement, left, listener, resources);
    } catch (RuntimeException | Error e) {
      resources.close();
      throw e;
    }
  }

  /**
   * Asks the device how much it has left, where the options leave it to that.
   *
   * @param left what it has left for experts, in bytes
   */
  public static ExpertMovement fitting(ExpertMovement movement, LongSupplier left) {
    return movement.options().slots() instanceof SlotBudget.Auto
        ? movement.withSlots(new SlotBudget.Bytes(left.getAsLong()))
        : movement;
  }

  /**
   * How many experts are to lie on the device.
   *
   * @throws ForegateException when fewer than the policy needs
   */
  public static int slots(
      ModelConfig config, PackedLayers packed, BackendModel model, ExpertMovement movement) {
    var grid = new ExpertGrid(packed.count(), config.experts(), config.expertsUsed());
    long slotBytes = packed.maxRecordBytes(model.expertLayout());
    return SlotCount.of(movement.options().slots(), grid, slotBytes, movement.policy());
  }

  private ScheduleListener listener(Offloading options, ExpertGrid grid) {
    var events = new JfrEvents(grid);
    if (options.timeline().isEmpty()) {
      return events;
    }
    Timeline timeline = resources.add(Timeline.create(options.timeline().get(), grid));
    return new Listeners(events, timeline);
  }

  /** How a sequence's experts run. */
  public ExpertRunner runner(Sequence sequence) {
    return new ScheduledRunner(config, packed, sequence, plan, places, predictors.maker().get());
  }

  public ScheduleStatistics statistics() {
    return plan.statistics();
  }

  /** Ends the copies, then gives memory and files back. Closing twice does nothing. */
  @Override
  public void close() {
    resources.close();
  }
}
