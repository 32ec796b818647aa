package io.foregate.engine.experts;

import io.foregate.backend.ExpertMemory;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import java.util.Arrays;

/** Runs all experts that a layer's router chose at once, from where they are for good. */
final class ChosenExperts {
  private final Sequence sequence;
  private final ExpertMemory experts;
  private final int[] chosen;
  private final int[] places;
  private final boolean[] isChosen;

  /**
   * @param count experts of a layer
   */
  ChosenExperts(Sequence sequence, ExpertMemory experts, int count) {
    this.sequence = sequence;
    this.experts = experts;
    this.chosen = new int[count];
    this.places = new int[count];
    this.isChosen = new boolean[count];
  }

  /**
   * @param model the layer, counted among all of the model
   * @param placed which of the layers that lie in the memory it is
   */
  void run(int model, int placed, Routing routing) {
    Arrays.fill(isChosen, false);
    int picks = routing.tokens() * routing.used();
    for (int i = 0; i < picks; i++) {
      isChosen[routing.ids()[i]] = true;
    }
    int count = 0;
    for (int e = 0; e < isChosen.length; e++) {
      if (isChosen[e]) {
        places[count] = placed * isChosen.length + e;
        chosen[count++] = e;
      }
    }
    sequence.runExperts(model, experts, chosen, places, count);
  }
}
