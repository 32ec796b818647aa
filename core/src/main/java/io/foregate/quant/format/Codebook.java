package io.foregate.quant.format;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;

/**
 * What the codes of ggml's non-linear types stand for: one value each, or the entries of a grid
 * with values for 4 or 8 elements. Immutable.
 *
 * <p>Source: {@code kvalues_*} and {@code iq*_grid} in ggml's {@code src/ggml-common.h} (MIT
 * licence). The grids come by way of the Python package gguf (scripts/oracle/make_codebooks.py says
 * how they are packed).
 */
public final class Codebook {
  /** E2M1 of the OCP Microscaling Formats 1.0, doubled to be whole; the scale is halved instead. */
  public static final Codebook MXFP4 =
      new Codebook(1, new byte[] {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12});

  /** IQ4_NL and IQ4_XS, ascending. */
  public static final Codebook IQ4 =
      new Codebook(
          1, new byte[] {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113});

  public static final Codebook IQ2_XXS;
  public static final Codebook IQ2_XS;
  public static final Codebook IQ2_S;
  public static final Codebook IQ3_XXS;
  public static final Codebook IQ3_S;

  /** IQ1_S and IQ1_M: -1, 0 and 1. */
  public static final Codebook IQ1;

  static {
    try (InputStream in = Codebook.class.getResourceAsStream("codebooks.bin")) {
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

  /** Values of an entry. */
  final int size;

  /** {@code [entry][size]}. */
  final byte[] values;

  private Codebook(int size, byte[] values) {
    this.size = size;
    this.values = values;
  }

  private static Codebook read(InputStream in, int entries, int size, byte[] alphabet)
      throws IOException {
    byte[] packed = in.readNBytes(2 * entries);
    int bits = 16 / size;
    byte[] grid = new byte[entries * size];
    for (int i = 0; i < grid.length; i++) {
      int entry = i / size;
      int word = (packed[2 * entry] & 0xFF) | ((packed[2 * entry + 1] & 0xFF) << 8);
      grid[i] = alphabet[(word >> (bits * (i % size))) & ((1 << bits) - 1)];
    }
    return new Codebook(size, grid);
  }

  /** What a code stands for, where entries have one value. */
  public int value(int code) {
    return values[code];
  }

  /** Values of an entry. */
  public int entrySize() {
    return size;
  }

  /** How many values there are. */
  public int length() {
    return values.length;
  }

  /** All values, a copy. */
  public byte[] toArray() {
    return values.clone();
  }

  /** The smallest value. */
  public int least() {
    int least = values[0];
    for (byte value : values) {
      least = Math.min(least, value);
    }
    return least;
  }

  /** The largest value. */
  public int greatest() {
    int greatest = values[0];
    for (byte value : values) {
      greatest = Math.max(greatest, value);
    }
    return greatest;
  }

  /** Whether a larger code stands for a larger value. */
  public boolean isAscending() {
    byte[] sorted = values.clone();
    Arrays.sort(sorted);
    return Arrays.equals(sorted, values);
  }
}
