package io.foregate.schedule;

/** Which absent experts the gates ask for; those that no longer are asked for are counted. */
final class Requests {
  private final ExpertGrid grid;
  private final ExpertCache cache;
  private final Outlook outlook;
  private final Tally tally;
  private final double floor;
  private final boolean[] requested;

  Requests(Shared shared) {
    grid = shared.grid();
    cache = shared.cache();
    outlook = shared.outlook();
    tally = shared.tally();
    floor = shared.policy().tuning().floor();
    requested = new boolean[grid.total()];
  }

  /** What is said of a layer has changed. */
  void update(int layer) {
    boolean fresh = outlook.fresh(layer);
    int end = grid.id(layer, 0) + grid.experts();
    for (int id = grid.id(layer, 0); id < end; id++) {
      boolean absent = cache.absent(id);
      boolean now = absent && fresh && outlook.probability(id) >= floor;
      if (requested[id] && !now && absent) {
        tally.cancelledRequests++;
      }
      requested[id] = now;
    }
  }

  /** An expert is copied, or due. */
  void met(int id) {
    requested[id] = false;
  }
}
