package io.foregate.schedule.sim;

import java.util.List;

/**
 * What data sheets say of a GPU and the machine around it.
 *
 * @param name short, e.g. {@code rtx-3090}
 * @param title the product's full name
 * @param memoryBytes device memory
 * @param memoryGbps its speed, in 10^9 bytes per second
 * @param pcie the link
 * @param host the host's memory
 * @param assumed what no data sheet says
 * @param sources documents that the figures are from
 */
record DeviceFacts(
    String name,
    String title,
    long memoryBytes,
    double memoryGbps,
    Pcie pcie,
    HostMemory host,
    Assumed assumed,
    List<String> sources) {

  /**
   * A PCI Express link.
   *
   * @param generation 3, 4 or 5
   * @param gigatransfers raw rate of a lane, in 10^9 transfers of one bit per second
   */
  record Pcie(int generation, double gigatransfers, int lanes) {
    /** Generations 3 to 5 send 128 bits of data in 130 bits. */
    private static final double ENCODING = 128.0 / 130.0;

    /** The speed of one direction before protocol overhead, in 10^9 bytes per second. */
    double gbps() {
      return gigatransfers * lanes * ENCODING / Byte.SIZE;
    }
  }

  /**
   * Host memory.
   *
   * @param megatransfers transfers of 8 bytes per microsecond and channel
   */
  record HostMemory(String type, int channels, double megatransfers) {
    private static final int BYTES_PER_TRANSFER = 8;

    /** Speed in 10^9 bytes per second. */
    double gbps() {
      return channels * megatransfers * BYTES_PER_TRANSFER / 1e3;
    }
  }

  /**
   * Assumptions; every result that rests on them is labelled as modelled.
   *
   * @param linkEfficiency share of the link's speed that large copies from pinned memory reach
   * @param linkLatencyMicros what starting and completing a copy takes
   * @param memoryEfficiency share of the memory's speed that matrix-vector kernels reach
   * @param hostEfficiency the same of the host's memory and CPU
   * @param launchMicros a kernel's launch, where it is not hidden
   * @param attentionLaunches kernels from the end of a layer to its successor's routing
   * @param schedulingMicros scheduling and gates' hand-over per layer, with a predictor
   */
  record Assumed(
      double linkEfficiency,
      double linkLatencyMicros,
      double memoryEfficiency,
      double hostEfficiency,
      double launchMicros,
      int attentionLaunches,
      double schedulingMicros) {}
}
