package io.foregate.schedule;

/** Which of the experts that nobody needs right now goes first. */
public enum Eviction {
  /** The one whose last use is longest ago. */
  LRU,
  /** The one used least often, old uses counting less. */
  LFU,
  /**
   * The one whose next use is worth least: as Belady's rule, but on the probability that it is used
   * when its layer comes next (gates within the horizon, else frequency), discounted by how far
   * away that is. What the gates predict is never evicted for a guess.
   */
  PREDICTED
}
