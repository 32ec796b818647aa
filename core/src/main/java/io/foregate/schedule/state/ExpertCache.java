package io.foregate.schedule.state;

import java.util.Arrays;

/**
 * Which expert is in which slot. An expert is absent, loading, or resident; a resident one can be
 * pinned, and then does not go. Every operation checks that it is allowed, so that a mistake of a
 * policy is an exception and never a wrong expert's weights.
 *
 * <p>An expert that was prefetched into a staging slot is <em>staged</em>: it counts as resident,
 * but not as a member of its layer until it is promoted.
 */
public final class ExpertCache {
  public static final int NONE = -1;

  public enum State {
    ABSENT,
    LOADING,
    RESIDENT
  }

  private final ExpertGrid grid;
  private final State[] states;
  private final int[] slotOf;
  private final int[] pins;
  private final boolean[] staged;
  private final int[] occupant;
  private final int[] free;
  private final int[] members;
  private int freeCount;
  private int residents;

  public ExpertCache(ExpertGrid grid, int slots) {
    this.grid = grid;
    states = new State[grid.total()];
    Arrays.fill(states, State.ABSENT);
    slotOf = new int[grid.total()];
    Arrays.fill(slotOf, NONE);
    pins = new int[grid.total()];
    staged = new boolean[grid.total()];
    occupant = new int[slots];
    Arrays.fill(occupant, NONE);
    free = new int[slots];
    members = new int[grid.layers()];
    for (int slot = slots - 1; slot >= 0; slot--) {
      free[freeCount++] = slot;
    }
  }

  public int slots() {
    return occupant.length;
  }

  /** Whether there is a slot for every expert. */
  public boolean holdsAll() {
    return occupant.length >= grid.total();
  }

  /** Whether every expert is resident. */
  public boolean complete() {
    return residents == grid.total();
  }

  public int freeSlots() {
    return freeCount;
  }

  public State state(int id) {
    return states[id];
  }

  public boolean absent(int id) {
    return states[id] == State.ABSENT;
  }

  public boolean resident(int id) {
    return states[id] == State.RESIDENT;
  }

  /** The slot of an expert that is loading or resident, else {@link #NONE}. */
  public int slot(int id) {
    return slotOf[id];
  }

  /** The expert that is in, or on its way to, a slot, else {@link #NONE}. */
  public int occupant(int slot) {
    return occupant[slot];
  }

  public boolean staged(int id) {
    return staged[id];
  }

  /** Whether an expert can go: it is resident, not in use, and was not staged for its layer. */
  public boolean evictable(int id) {
    return states[id] == State.RESIDENT && pins[id] == 0 && !staged[id];
  }

  public boolean pinned(int id) {
    return pins[id] > 0;
  }

  /** Experts of a layer that are loading or resident, staged ones left out. */
  public int members(int layer) {
    return members[layer];
  }

  /** Gives an absent expert a free slot, to be loaded into it. */
  public int load(int id, boolean stage) {
    require(states[id] == State.ABSENT, id, "load");
    require(freeCount > 0, id, "load");
    int slot = free[--freeCount];
    states[id] = State.LOADING;
    slotOf[id] = slot;
    occupant[slot] = id;
    staged[id] = stage;
    if (!stage) {
      members[grid.layer(id)]++;
    }
    return slot;
  }

  /** The copy of a loading expert has completed. */
  public void loaded(int id) {
    require(states[id] == State.LOADING, id, "publish");
    states[id] = State.RESIDENT;
    residents++;
  }

  /** The copy of a loading expert has failed: its slot is free again. */
  public void failed(int id) {
    require(states[id] == State.LOADING, id, "give up");
    freeSlot(vacate(id));
  }

  /** A staged expert becomes a member of its layer. */
  public void promote(int id) {
    require(staged[id], id, "promote");
    staged[id] = false;
    members[grid.layer(id)]++;
  }

  public void pin(int id) {
    require(states[id] == State.RESIDENT, id, "pin");
    pins[id]++;
  }

  public void unpin(int id) {
    require(pins[id] > 0, id, "unpin");
    pins[id]--;
  }

  /** Takes an expert out of its slot, which the caller frees by {@link #freeSlot}. */
  public int evict(int id) {
    require(states[id] == State.RESIDENT && pins[id] == 0, id, "evict");
    residents--;
    return vacate(id);
  }

  /** Makes a slot that {@link #evict} gave out free. */
  public void freeSlot(int slot) {
    free[freeCount++] = slot;
  }

  private int vacate(int id) {
    int slot = slotOf[id];
    if (!staged[id]) {
      members[grid.layer(id)]--;
    }
    staged[id] = false;
    states[id] = State.ABSENT;
    slotOf[id] = NONE;
    occupant[slot] = NONE;
    return slot;
  }

  private void require(boolean allowed, int id, String what) {
    if (!allowed) {
      throw new IllegalStateException(
          "cannot %s expert %d of layer %d: it is %s in slot %d with %d pins, and %d slots are free"
              .formatted(
                  what,
                  grid.expert(id),
                  grid.layer(id),
                  states[id],
                  slotOf[id],
                  pins[id],
                  freeCount));
    }
  }
}
