package io.foregate.tornado.products;

import io.foregate.kernels.Experts;
import io.foregate.kernels.LaunchArgs;
import io.foregate.kernels.Tiles;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Tells {@link Experts#multiply} which networks to run for which tokens of a batch. */
public final class BatchNetworkArgs {
  private final IntArray args;
  private final int mostTiles;
  private int tiles;
  private int pairs;

  private BatchNetworkArgs(IntArray args, int mostTiles) {
    this.args = args;
    this.mostTiles = mostTiles;
  }

  /**
   * @param args made by {@link #array}, with the same numbers
   */
  public static BatchNetworkArgs of(IntArray args, int choices, int used, int most) {
    return new BatchNetworkArgs(args, Experts.mostTiles(most, choices, used));
  }

  /**
   * An array for batches.
   *
   * @param choices networks that there are to choose from
   * @param used networks of a token
   * @param most tokens of the largest batch
   */
  public static IntArray array(int choices, int used, int most) {
    int tiles = Experts.mostTiles(most, choices, used);
    var args = new IntArray(LaunchArgs.tile(tiles) + most * used);
    args.init(0);
    return args;
  }

  /** Adds a network, for all pairs that chose it. */
  public void add(int word, int expert, int[] chosen, int count) {
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
    int tile = LaunchArgs.tile(tiles++);
    args.set(tile + LaunchArgs.TILE_RECORD, word);
    args.set(tile + LaunchArgs.TILE_PAIR, firstPair() + pairs);
    args.set(tile + LaunchArgs.TILE_COUNT, 0);
    args.set(tile + LaunchArgs.TILE_EXPERT, expert);
  }

  private void addPair(int pair) {
    int count = LaunchArgs.tile(tiles - 1) + LaunchArgs.TILE_COUNT;
    args.set(count, args.get(count) + 1);
    args.set(firstPair() + pairs++, pair);
  }

  private int firstPair() {
    return LaunchArgs.tile(mostTiles);
  }

  /**
   * Nothing more in this launch.
   *
   * @param last whether the weighted sums are due
   */
  public void end(int layer, boolean last, int tokens) {
    args.set(LaunchArgs.LAYER, layer);
    args.set(LaunchArgs.TILES, tiles);
    args.set(LaunchArgs.SUM_DUE, last ? 1 : 0);
    args.set(LaunchArgs.BATCH_TOKENS, tokens);
  }
}
