package io.foregate.tornado;

import io.foregate.kernels.Experts;
import io.foregate.kernels.Tiles;
import io.foregate.model.ModelConfig;
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
   * @param step made by {@link #array}
   * @param most tokens of the largest batch
   */
  static BatchStep of(IntArray step, ModelConfig config, int most) {
    return new BatchStep(step, mostTiles(config, most));
  }

  /** An array for batches of that model. */
  static IntArray array(ModelConfig config, int most) {
    int used = SequenceBuffers.used(config);
    var step = new IntArray(Experts.TILES + 3 * mostTiles(config, most) + most * used);
    step.init(0);
    return step;
  }

  static int mostTiles(ModelConfig config, int most) {
    int experts = Math.max(1, config.experts());
    return Experts.mostTiles(most, experts, SequenceBuffers.used(config));
  }

  /** Adds an expert, for all pairs that chose it. */
  void add(int word, int expert, int[] chosen, int count) {
    int room = 0;
    for (int pair = 0; pair < count; pair++) {
      if (chosen[pair] == expert) {
        if (room == 0) {
          room = Tiles.TOKENS;
          beginTile(word);
        }
        room--;
        addPair(pair);
      }
    }
  }

  private void beginTile(int word) {
    int told = Experts.TILES + 3 * tiles++;
    step.set(told, word);
    step.set(told + 1, Experts.TILES + 3 * mostTiles + pairs);
    step.set(told + 2, 0);
  }

  private void addPair(int pair) {
    int told = Experts.TILES + 3 * (tiles - 1) + 2;
    step.set(told, step.get(told) + 1);
    step.set(Experts.TILES + 3 * mostTiles + pairs++, pair);
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
