package io.foregate.schedule;

import java.util.Arrays;

/** The experts that the current layer needs, and how far each has come. Reused. */
final class DueExperts {
  private final ExpertGrid grid;
  private final boolean[] needed;
  private final int[] ids;
  private final int[] served;
  private final boolean[] handed;
  private final boolean[] onHost;
  private int count;
  private int toHand;
  private int running;

  DueExperts(ExpertGrid grid) {
    this.grid = grid;
    needed = new boolean[grid.total()];
    ids = new int[grid.experts()];
    served = new int[grid.experts()];
    handed = new boolean[grid.experts()];
    onHost = new boolean[grid.experts()];
  }

  /** By number: whether an expert is due and has not run yet. */
  boolean[] needed() {
    return needed;
  }

  /** By expert of the layer: how many tokens chose it. */
  int[] served() {
    return served;
  }

  /** Starts a layer: the distinct experts of {@code chosen}, those first that serve most tokens. */
  void begin(int layer, int[] chosen, int picks) {
    clear();
    Arrays.fill(served, 0);
    for (int i = 0; i < picks; i++) {
      if (served[chosen[i]]++ == 0) {
        ids[count++] = grid.id(layer, chosen[i]);
      }
    }
    sortByTokens();
    for (int i = 0; i < count; i++) {
      handed[i] = false;
      onHost[i] = false;
      needed[ids[i]] = true;
    }
    toHand = count;
  }

  /** Insertion sort: stable, and in decoding, where all serve one token, a single pass. */
  private void sortByTokens() {
    for (int i = 1; i < count; i++) {
      int id = ids[i];
      int tokens = served[grid.expert(id)];
      int at = i;
      while (at > 0 && served[grid.expert(ids[at - 1])] < tokens) {
        ids[at] = ids[at - 1];
        at--;
      }
      ids[at] = id;
    }
  }

  /** Nothing is due any more. */
  void clear() {
    for (int i = 0; i < count; i++) {
      needed[ids[i]] = false;
    }
    count = 0;
    toHand = 0;
    running = 0;
  }

  int count() {
    return count;
  }

  int id(int index) {
    return ids[index];
  }

  boolean waits(int index) {
    return !handed[index];
  }

  boolean onHost(int index) {
    return onHost[index];
  }

  void sendToHost(int index) {
    onHost[index] = true;
  }

  void hand(int index) {
    handed[index] = true;
    toHand--;
    running++;
  }

  /** An expert has run. */
  void done(int id) {
    needed[id] = false;
    running--;
  }

  /** Experts that were not handed out yet. */
  int toHand() {
    return toHand;
  }

  /** Experts that were handed out and have not been released. */
  int running() {
    return running;
  }
}
