package io.foregate.schedule;

/** Evicted experts that are to be copied back before their slots are free, oldest first. */
final class WriteBacks {
  private final int[] experts;
  private final int[] slots;
  private int first;
  private int count;

  WriteBacks(int most) {
    experts = new int[most];
    slots = new int[most];
  }

  boolean isEmpty() {
    return count == 0;
  }

  void add(int expert, int slot) {
    int at = (first + count++) % slots.length;
    experts[at] = expert;
    slots[at] = slot;
  }

  int expert() {
    return experts[first];
  }

  int slot() {
    return slots[first];
  }

  void remove() {
    first = (first + 1) % slots.length;
    count--;
  }
}
