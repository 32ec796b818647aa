package io.foregate.schedule.state;

import java.util.Arrays;

/** The experts that the current layer needs, and how far each has come. Reused. */
public final class DueExperts {
  private final ExpertGrid grid;
  private final boolean[] needed;
  private final int[] ids;
  private final int[] served;
  private final boolean[] handed;
  private final boolean[] onHost;
  private int count;
  private int toHand;
  private int running;

  public DueExperts(ExpertGrid grid) {
    this.grid = grid;
    needed = new boolean[grid.total()];
    ids = new int[grid.experts()];
    served = new int[grid.experts()];
    handed = new boolean[grid.experts()];
    onHost = new boolean[grid.experts()];
  }

  /** By number: whether an expert is due and has not run yet. */
  public boolean[] needed() {
    return needed;
  }

  /** By expert of the layer: how many tokens chose it. */
  public int[] served() {
    return served;
  }

  /** Starts a layer: the distinct experts of {@code chosen}, those first that serve most tokens. */
  public void begin(int layer, int[] chosen, int picks) {
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
  public void clear() {
    for (int i = 0; i < count; i++) {
      needed[ids[i]] = false;
    }
    count = 0;
    toHand = 0;
    running = 0;
  }

  public int count() {
    return count;
  }

  public int id(int index) {
    return ids[index];
  }

  public boolean waits(int index) {
    return !handed[index];
  }

  public boolean onHost(int index) {
    return onHost[index];
  }

  public void sendToHost(int index) {
    onHost[index] = true;
  }

  public void hand(int index) {
    handed[index] = true;
    toHand--;
    running++;
  }

  /** An expert has run. */
  public void done(int id) {
    needed[id] = false;
    running--;
  }

  /** Experts that were not handed out yet. */
  public int toHand() {
    return toHand;
  }

  /** Experts that were handed out and have not been released. */
  public int running() {
    return running;
  }
}
