package io.foregate.backend.cpu;

import io.foregate.backend.ExpertMemory;
import io.foregate.store.layout.ExpertWeights;

/** Experts that the CPU can read. */
interface CpuExpertMemory extends ExpertMemory {

  /** How many experts' weights can be used at a time: those that were asked for last. */
  default int atOnce() {
    return Integer.MAX_VALUE;
  }

  /**
   * The weights of a layer's expert at a place. Allocates nothing.
   *
   * @param layer counted among those that the memory has experts of
   */
  ExpertWeights weights(int layer, int place);
}
