package io.foregate.backend.cpu;

import io.foregate.backend.ExpertMemory;
import io.foregate.store.layout.ExpertWeights;

/** Experts that the CPU can read. */
interface CpuExpertMemory extends ExpertMemory {

  /** The weights of a layer's expert at a place. Allocates nothing. */
  ExpertWeights weights(int layer, int place);
}
