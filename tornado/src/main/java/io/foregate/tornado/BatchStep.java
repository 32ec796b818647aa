package io.foregate.tornado;

import io.foregate.kernels.Experts;
import io.foregate.kernels.Tiles;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Tells {@link Experts#multiply} which experts to run for which tokens of a batch. */
final class BatchStep {
  private final IntArray step;
  private final int mostTiles;
  private int tiles;
  private int pairs;

  private BatchStep(IntArray step, int mostTiles) {
    this.step = step;
    this.mostTiles = mostTiles;
  }

  /**
   * @param step made by {@link #array}, with the same numbers
   */
  static BatchStep of(IntArray step, int experts, int used, int most) {
    return new BatchStep(step, Experts.mostTiles(most, experts, used));
  }

  /**
   * An array for batches.
   *
   * @param experts that there are to choose from
   * @param used experts of a token
   * @param most tokens of the largest batch
   */
  static IntArray array(int experts, int used, int most) {
    int tiles = Experts.mostTiles(most, experts, used);
    var step = new IntArray(Experts.TILES + Experts.TILE_WORDS * tiles + most * used);
    step.init(0);
    return step;
  }

  /** Adds an expert, for all pairs that chose it. */
  void add(int word, int expert, int[] chosen, int count) {
    int room = 0;
    for (int pair = 0; pair < count; pair++) {
      if (chosen[pair] == expert) {
        if (room == 0) {
          room = Tiles.TOKENS;
          beginTile(word, expert);
        }
        room--;
        addPair(pair);
      }
    }
  }

  private void beginTile(int word, int expert) {
    int told = Experts.TILES + Experts.TILE_WORDS * tiles++;
    step.set(told, word);
    step.set(told + 1, firstPair() + pairs);
    step.set(told + 2, 0);
    step.set(told + 3, expert);
  }

  private void addPair(int pair) {
    int told = Experts.TILES + Experts.TILE_WORDS * (tiles - 1) + 2;
    step.set(told, step.get(told) + 1);
    step.set(firstPair() + pairs++, pair);
  }

  private int firstPair() {
    return Experts.TILES + Experts.TILE_WORDS * mostTiles;
  }

  /**
   * Nothing more in this launch.
   *
   * @param last whether the weighted sums are due
   */
  void end(int layer, boolean last, int tokens) {
    step.set(0, layer);
    step.set(1, tiles);
    step.set(2, last ? 1 : 0);
    step.set(3, tokens);
  }
}
