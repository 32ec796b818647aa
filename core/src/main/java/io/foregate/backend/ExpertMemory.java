package io.foregate.backend;

/**
 * Memory of a device in which experts lie at numbered places. Made by a {@link BackendModel}, and
 * read only by its own sequences.
 */
public interface ExpertMemory {

  /** How many places there are. */
  int count();
}
