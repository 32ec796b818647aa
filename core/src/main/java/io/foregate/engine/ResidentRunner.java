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

  /**
   * @param count experts of a layer
   */
  ResidentRunner(Sequence sequence, ExpertMemory experts, int count) {
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
    Arrays.fill(isChosen, false);
    int picks = routing.tokens() * routing.used();
    for (int i = 0; i < picks; i++) {
      isChosen[routing.ids()[i]] = true;
    }
    int count = 0;
    for (int e = 0; e < isChosen.length; e++) {
      if (isChosen[e]) {
        places[count] = layer * isChosen.length + e;
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
