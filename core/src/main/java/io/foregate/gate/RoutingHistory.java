package io.foregate.gate;

import java.util.Arrays;

/**
 * The routing of every layer at the time that it was last seen: of layers that the token has passed
 * its own, of the others the token's before. As numbers, {@code [layers][experts]}: 1 for the best
 * expert, {@code 1 / (rank + 1)} for the others chosen, 0 for the rest.
 */
public final class RoutingHistory {
  private static final int NONE = -1;

  private final GateShape shape;
  private final int[] ids;

  RoutingHistory(GateShape shape) {
    this.shape = shape;
    this.ids = new int[shape.layers() * shape.used()];
    reset();
  }

  void reset() {
    Arrays.fill(ids, NONE);
  }

  void set(int layer, int[] chosen, int from, int count) {
    int at = layer * shape.used();
    for (int i = 0; i < shape.used(); i++) {
      ids[at + i] = i < count ? chosen[from + i] : NONE;
    }
  }

  /** The value of the expert of rank {@code rank}. */
  public static float value(int rank) {
    return 1f / (rank + 1);
  }

  /** How many picks there are, seen or not. */
  int picks() {
    return ids.length;
  }

  /** The element of the history that is not 0 because of a pick, or -1 if it has not been seen. */
  int element(int pick) {
    int id = ids[pick];
    return id == NONE ? NONE : pick / shape.used() * shape.experts() + id;
  }

  /** That element's value. */
  float valueOf(int pick) {
    return value(pick % shape.used());
  }
}
