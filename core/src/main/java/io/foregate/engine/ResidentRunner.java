package io.foregate.engine;

import io.foregate.backend.ExpertMemory;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import java.util.Arrays;

/** All experts of the batch at once, from where they are for good. */
final class ResidentRunner implements ExpertRunner {
  private final Sequence sequence;
  private final ExpertMemory experts;
  private final int[] chosen;
  private final int[] places;
  private final boolean[] isChosen;
  private final int firstRouted;

  /**
   * @param count experts of a layer
   * @param firstRouted the first layer that has experts
   */
  ResidentRunner(Sequence sequence, ExpertMemory experts, int count, int firstRouted) {
    this.firstRouted = firstRouted;
    this.sequence = sequence;
    this.experts = experts;
    this.chosen = new int[count];
    this.places = new int[count];
    this.isChosen = new boolean[count];
  }

  @Override
  public void begin(int[] tokens, int from, int to) {}

  @Override
  public void run(int layer, Routing routing) {
    sequence.runShared(layer);
    Arrays.fill(isChosen, false);
    int picks = routing.tokens() * routing.used();
    for (int i = 0; i < picks; i++) {
      isChosen[routing.ids()[i]] = true;
    }
    int count = 0;
    for (int e = 0; e < isChosen.length; e++) {
      if (isChosen[e]) {
        places[count] = (layer - firstRouted) * isChosen.length + e;
        chosen[count++] = e;
      }
    }
    sequence.runExperts(layer, experts, chosen, places, count);
  }

  @Override
  public void end(int layer) {}

  @Override
  public void reset() {}
}
