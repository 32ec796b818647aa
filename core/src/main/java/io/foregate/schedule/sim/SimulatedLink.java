package io.foregate.schedule.sim;

import io.foregate.schedule.CopyOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A link that carries one copy's bytes at a time, in the order in which copies were started. What a
 * copy takes besides its bytes overlaps with the bytes of those before it.
 */
final class SimulatedLink {
  private final Profile profile;
  private final List<Transfer> transfers = new ArrayList<>();
  private long freeAt;

  private record Transfer(CopyOrder order, long end) {}

  SimulatedLink(Profile profile) {
    this.profile = profile;
  }

  void start(CopyOrder order, long now) {
    long begin = Math.max(now + profile.latencyNanos(), freeAt);
    freeAt = begin + profile.transferNanos(order.bytes());
    transfers.add(new Transfer(order, freeAt));
  }

  boolean isIdle() {
    return transfers.isEmpty();
  }

  /** When the first copy in flight ends; the link must not be idle. */
  long nextEnd() {
    return first().end();
  }

  /** Takes the copy that ends first from the link. */
  CopyOrder finish() {
    Transfer first = first();
    transfers.remove(first);
    return first.order();
  }

  private Transfer first() {
    return transfers.stream().min(Comparator.comparingLong(Transfer::end)).orElseThrow();
  }
}
