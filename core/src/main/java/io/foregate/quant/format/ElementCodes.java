package io.foregate.quant.format;

/** How the integers are stored that a block's elements are, before they meet their scales. */
public sealed interface ElementCodes {
  /** Fills {@link UnpackedBlock#q}. */
  void read(byte[] block, UnpackedBlock out);

  /** An element is its code. */
  record Linear(PackedIntegers codes) implements ElementCodes {
    @Override
    public void read(byte[] block, UnpackedBlock out) {
      int[] q = out.q;
      int n = out.size;
      codes.read(block, q, 0, n);
      int flip = codes.flip();
      int least = codes.least();
      if (flip != 0 || least != 0) {
        for (int i = 0; i < n; i++) {
          q[i] = (q[i] ^ flip) + least;
        }
      }
    }
  }

  /** An element's code stands for a value of a table. */
  record Table(PackedIntegers codes, Codebook book) implements ElementCodes {
    @Override
    public void read(byte[] block, UnpackedBlock out) {
      int[] q = out.q;
      int n = out.size;
      byte[] values = book.values;
      codes.read(block, q, 0, n);
      for (int i = 0; i < n; i++) {
        q[i] = values[q[i]];
      }
    }
  }

  /**
   * A code stands for the magnitudes of the 4 or 8 elements of a grid's entry.
   *
   * @param signs for every 8 elements: bit i set where element i is negative
   * @param even whether an eighth sign is left out: there is an even number of negative ones
   */
  record SignedGrid(PackedIntegers codes, Codebook grid, PackedIntegers signs, boolean even)
      implements ElementCodes {
    @Override
    public void read(byte[] block, UnpackedBlock out) {
      int size = grid.size;
      int entries = out.size / size;
      int[] codes = out.codes;
      int[] signs = out.signs;
      this.codes.read(block, codes, 0, entries);
      this.signs.read(block, signs, 0, out.size / 8);
      for (int e = 0; e < entries; e++) {
        int at = size * e;
        int eight = signs[at >> 3];
        if (even) {
          eight |= (Integer.bitCount(eight) & 1) << 7;
        }
        // A constant number of elements: the compiler unrolls these.
        if (size == 8) {
          entry(grid.values, 8 * codes[e], 8, eight, out.q, at);
        } else {
          entry(grid.values, 4 * codes[e], 4, eight >> (at & 7), out.q, at);
        }
      }
    }

    private static void entry(byte[] grid, int from, int n, int signs, int[] q, int to) {
      for (int i = 0; i < n; i++) {
        int v = grid[from + i];
        q[to + i] = ((signs >> i) & 1) != 0 ? -v : v;
      }
    }
  }

  /**
   * A code stands for the 8 elements of an entry of a ternary grid, shifted by an eighth up or
   * down; eight times that, to be whole.
   *
   * @param down one bit for each stretch of elements, as many as there are integers
   */
  record ShiftedGrid(PackedIntegers codes, Codebook grid, PackedIntegers down, int stretch)
      implements ElementCodes {
    @Override
    public void read(byte[] block, UnpackedBlock out) {
      int entries = out.size / 8;
      int[] codes = out.codes;
      int[] shifts = out.signs;
      this.codes.read(block, codes, 0, entries);
      down.read(block, shifts, 0, out.size / stretch);
      for (int e = 0; e < entries; e++) {
        int shift = 1 - 2 * shifts[8 * e / stretch];
        int from = 8 * codes[e];
        for (int i = 0; i < 8; i++) {
          out.q[8 * e + i] = 8 * grid.values[from + i] + shift;
        }
      }
    }
  }

  /**
   * TQ1_0: five digits to the base of three per byte, as fractions of 256; four in the last bytes.
   */
  record Ternary() implements ElementCodes {
    @Override
    public void read(byte[] block, UnpackedBlock out) {
      digits(block, 0, 32, 5, out.q, 0);
      digits(block, 32, 16, 5, out.q, 160);
      digits(block, 48, 4, 4, out.q, 240);
    }

    private static void digits(byte[] block, int at, int bytes, int digits, int[] q, int to) {
      for (int j = 0; j < bytes; j++) {
        int fraction = block[at + j] & 0xFF;
        for (int n = 0; n < digits; n++) {
          q[to + n * bytes + j] = ((fraction * 3) >> 8) - 1;
          fraction = (fraction * 3) & 0xFF;
        }
      }
    }
  }
}
