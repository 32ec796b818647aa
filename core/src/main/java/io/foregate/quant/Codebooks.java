package io.foregate.quant;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * What the codes of ggml's non-linear types stand for: 16 values each for MXFP4 and IQ4, and grids
 * of 4 or 8 values for IQ1, IQ2 and IQ3.
 *
 * <p>Source: {@code kvalues_*} and {@code iq*_grid} in ggml's {@code src/ggml-common.h} (MIT
 * licence). The grids come by way of the Python package gguf (scripts/oracle/make_codebooks.py says
 * how they are packed).
 */
final class Codebooks {
  /** E2M1 of the OCP Microscaling Formats 1.0, doubled to be whole; the scale is halved instead. */
  static final byte[] MXFP4 = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

  /** IQ4_NL and IQ4_XS, ascending. */
  static final byte[] IQ4 = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  private Codebooks() {}

  /**
   * Scale of an MXFP4 block: half of 2^(e - 127), since {@link #MXFP4} is doubled. The smallest two
   * are subnormal.
   */
  static float e8m0Half(int e) {
    return Float.intBitsToFloat(e < 2 ? 0x0020_0000 << e : (e - 1) << 23);
  }

  /**
   * The eighth sign of an IQ2_XXS, IQ2_XS or IQ3_XXS group makes the number of minus signs even.
   *
   * @param seven bits of the first seven signs
   * @return all eight, bit set for minus
   */
  static int evenSigns(int seven) {
    return seven | ((Integer.bitCount(seven) & 1) << 7);
  }

  /** Grids by type, {@code [entry][8]} or, for IQ3, {@code [entry][4]}. */
  static final class Grids {
    static final byte[] IQ2_XXS;
    static final byte[] IQ2_XS;
    static final byte[] IQ2_S;
    static final byte[] IQ3_XXS;
    static final byte[] IQ3_S;

    /** IQ1_S and IQ1_M: -1, 0 and 1. */
    static final byte[] IQ1;

    static {
      try (InputStream in = Codebooks.class.getResourceAsStream("codebooks.bin")) {
        byte[] iq2 = {8, 25, 43};
        IQ2_XXS = read(in, 256, 8, iq2);
        IQ2_XS = read(in, 512, 8, iq2);
        IQ2_S = read(in, 1024, 8, iq2);
        IQ3_XXS = read(in, 256, 4, new byte[] {4, 12, 20, 28, 36, 44, 52, 62});
        IQ3_S = read(in, 512, 4, new byte[] {1, 3, 5, 7, 9, 11, 13, 15});
        IQ1 = read(in, 2048, 8, new byte[] {-1, 0, 1});
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private Grids() {}

    private static byte[] read(InputStream in, int entries, int size, byte[] alphabet)
        throws IOException {
      byte[] packed = in.readNBytes(2 * entries);
      int bits = 16 / size;
      byte[] grid = new byte[entries * size];
      for (int i = 0; i < grid.length; i++) {
        int entry = i / size;
        int word = (packed[2 * entry] & 0xFF) | ((packed[2 * entry + 1] & 0xFF) << 8);
        grid[i] = alphabet[(word >> (bits * (i % size))) & ((1 << bits) - 1)];
      }
      return grid;
    }
  }
}
