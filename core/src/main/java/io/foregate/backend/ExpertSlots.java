package io.foregate.backend;

/** The places in device memory that hold experts. */
public interface ExpertSlots {

  /** What {@link #slotOf} returns for an expert that is not in device memory. */
  int ABSENT = -1;

  /** How many experts fit. */
  int count();

  /** The slot that holds an expert, or {@link #ABSENT}. Callable from any thread. */
  int slotOf(int layer, int expert);

  /** The weights in a slot. Allocates nothing. */
  ExpertWeights weights(int slot);
}
