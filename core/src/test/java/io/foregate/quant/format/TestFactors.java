package io.foregate.quant.format;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.BlockFactor.Encoding;
import java.util.List;
import java.util.stream.Stream;

/** Sets the factors of blocks, wherever their format has them. */
public final class TestFactors {
  /** MXFP4's scales: the smallest, which are subnormal, and some that sums can still hold. */
  private static final int[] EXPONENTS = {0, 1, 2, 100, 127, 140};

  private TestFactors() {}

  /** Those of scales and of minima. */
  private static List<BlockFactor> of(GgmlType type) {
    BlockFormat format = BlockFormat.of(type);
    return Stream.concat(Stream.of(format.scales()), format.minima().stream())
        .map(Scaling::factor)
        .toList();
  }

  /** Whether a block's factors may be infinite, or no number. */
  public static boolean mayNotBeFinite(GgmlType type) {
    return of(type).stream().allMatch(factor -> factor.encoding() == Encoding.F16);
  }

  /**
   * Sets all factors of the block that begins at {@code at}.
   *
   * @param next which f16 come next; exponents are of a list of their own
   * @return which come then
   */
  public static int set(GgmlType type, byte[] blocks, int at, short[] f16, int next) {
    int i = next;
    for (BlockFactor factor : of(type)) {
      int bits =
          factor.encoding() == Encoding.E8M0
              ? EXPONENTS[i++ % EXPONENTS.length]
              : f16[i++ % f16.length];
      set(factor, blocks, at, bits);
    }
    return i;
  }

  private static void set(BlockFactor factor, byte[] blocks, int at, int bits) {
    for (BitPlane plane : factor.planes()) {
      for (int i = 0; i < plane.width(); i++) {
        int place = plane.places()[0] + i;
        int mask = 1 << (place & 7);
        int b = at + (place >> 3);
        boolean isSet = ((bits >> (plane.bit() + i)) & 1) != 0;
        blocks[b] = (byte) (isSet ? blocks[b] | mask : blocks[b] & ~mask);
      }
    }
  }
}
