package io.foregate.quant.assembled.lane;

import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.activation.ActivationLayout;

/**
 * Codes and scales of a block of 256 elements as registers have them: what batches of tokens meet
 * again and again is unpacked once, into a panel.
 *
 * <p>A block is {@code byte codes[4][16][4]}, in the order of {@link
 * ActivationLayout#BLOCKS_OF_256}, then {@code float scales[16]}, then {@code float minima[16]} if
 * there are some.
 */
record PanelLanes(LaneCodes codes, boolean hasMinima) implements LaneCodes, LaneScales {
  private static final int CODES = 256;
  private static final int FLOATS = 64;

  /** Bytes of a block. */
  int bytes() {
    return CODES + (hasMinima ? 2 : 1) * FLOATS;
  }

  /** Where a block has a part's register of codes, of so many bits. */
  static int codes(int bits, int part, int k) {
    return 64 * k + part * bits / 8;
  }

  /** Where a block has a part's scales. */
  static int scales(int bits, int part) {
    return CODES + part * bits / 8;
  }

  /** Where a block has a part's minima. */
  static int minima(int bits, int part) {
    return scales(bits, part) + FLOATS;
  }

  @Override
  public void read(ProductFrame f, int part, Vec[] to) {
    for (int k = 0; k < REGISTERS; k++) {
      f.a.vmovdqu(to[k], f.weights(codes(f.bits, part, k)));
    }
  }

  @Override
  public int above(ProductFrame f, int lane) {
    return codes.above(f, lane);
  }

  @Override
  public int greatest() {
    return codes.greatest();
  }

  @Override
  public int centre() {
    return codes.centre();
  }

  @Override
  public void begin(ProductFrame f) {
    // Parts share nothing.
  }

  @Override
  public void read(ProductFrame f, int part, Vec scale, Vec minimum, LaneCodes with) {
    f.a.vmovups(scale, f.weights(scales(f.bits, part)));
    if (hasMinima) {
      f.a.vmovups(minimum, f.weights(minima(f.bits, part)));
    }
  }
}
