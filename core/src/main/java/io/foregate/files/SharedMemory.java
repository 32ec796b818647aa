package io.foregate.files;

import java.lang.foreign.Arena;

/** Memory that several threads use, and how it ends. */
public final class SharedMemory {
  private SharedMemory() {}

  /**
   * Closes an arena; twice does nothing. Machine code that is inside its memory is waited for: a
   * call takes well under a millisecond, and the next one is refused.
   */
  @SuppressWarnings("ThreadPriorityCheck") // whoever is inside may need this core
  public static void close(Arena arena) {
    while (arena.scope().isAlive()) {
      try {
        arena.close();
      } catch (IllegalStateException e) { // somebody is inside, or has closed it meanwhile
        Thread.yield();
      }
    }
  }
}
