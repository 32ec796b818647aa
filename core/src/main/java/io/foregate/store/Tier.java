package io.foregate.store;

/** Where a store's records are. */
public enum Tier {
  /** In memory of their own, outside the Java heap. */
  RAM,
  /** In a file beside the model, of which the operating system caches what it has room for. */
  FILE
}
