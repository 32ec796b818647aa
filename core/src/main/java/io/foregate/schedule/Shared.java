package io.foregate.schedule;

import java.util.Arrays;

/**
 * What the parts of a {@link Scheduler} share: its task, and the books that they keep together.
 *
 * @param bytes of an expert of each layer
 * @param cache which expert is where
 * @param outlook how likely each expert is to be used
 * @param layers who goes first and who comes first, layer by layer
 * @param clockwork where in a token the computation is
 * @param costs what copies and experts take
 * @param due what the current layer needs
 * @param arrivals how much of each loading expert is there
 * @param failures copies that failed
 * @param tally what is counted
 */
record Shared(
    ExpertGrid grid,
    Policy policy,
    long[] bytes,
    ScheduleListener listener,
    ExpertCache cache,
    Outlook outlook,
    LayerOutlook layers,
    Clockwork clockwork,
    CostModel costs,
    DueExperts due,
    Arrivals arrivals,
    Failures failures,
    Tally tally) {

  static Shared of(
      ExpertGrid grid,
      Policy policy,
      int slots,
      long[] bytes,
      Timings timings,
      ScheduleListener listener) {
    var cache = new ExpertCache(grid, slots);
    var outlook = new Outlook(grid, policy);
    var due = new DueExperts(grid);
    var failures = new Failures(grid);
    double floor = cache.holdsAll() ? 0 : policy.tuning().floor();
    return new Shared(
        grid,
        policy,
        bytes,
        listener,
        cache,
        outlook,
        new LayerOutlook(grid, cache, outlook, due.needed(), failures.barred(), floor),
        new Clockwork(grid),
        new CostModel(timings, Arrays.stream(bytes).max().getAsLong()),
        due,
        new Arrivals(grid, slots),
        failures,
        new Tally());
  }
}
