package io.foregate.schedule;

import io.foregate.schedule.state.ExpertGrid;
import java.util.Arrays;

/** Sizes of made-up experts. */
final class TestBytes {
  private TestBytes() {}

  static long[] perLayer(ExpertGrid grid) {
    long[] bytes = new long[grid.layers()];
    Arrays.fill(bytes, VirtualRun.BYTES);
    return bytes;
  }
}
