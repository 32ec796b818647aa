package io.foregate.assembly.emulated;

/** AMX: eight tiles of up to 16 rows of up to 64 bytes, and their shapes. */
final class Tiles {
  private static final int COUNT = 8;
  private static final int MAX_ROWS = 16;
  private static final int ROW = 64;

  /** How the four bytes of a lane are taken. */
  enum Signs {
    BOTH(true, true),
    SECOND(false, true),
    FIRST(true, false);

    private final boolean first;
    private final boolean second;

    Signs(boolean first, boolean second) {
      this.first = first;
      this.second = second;
    }
  }

  private final byte[][] tiles = new byte[COUNT][MAX_ROWS * ROW];
  private final int[] rows = new int[COUNT];
  private final int[] rowBytes = new int[COUNT];

  /** Takes shapes, and clears all. */
  void configure(byte[] config, int at) {
    if (config[at] != 1 || config[at + 1] != 0) {
      throw new EmulationFailure("palette %d, row %d".formatted(config[at], config[at + 1]));
    }
    release();
    for (int i = 0; i < COUNT; i++) {
      rowBytes[i] = Lanes.getShort(config, at + 16 + 2 * i);
      rows[i] = config[at + 48 + i];
      if (rows[i] < 0 || rows[i] > MAX_ROWS || rowBytes[i] < 0 || rowBytes[i] > ROW) {
        throw new EmulationFailure("%d rows of %d bytes".formatted(rows[i], rowBytes[i]));
      }
    }
  }

  void release() {
    for (int i = 0; i < COUNT; i++) {
      zero(i);
      rows[i] = 0;
      rowBytes[i] = 0;
    }
  }

  void zero(int tile) {
    tiles[tile] = new byte[MAX_ROWS * ROW];
  }

  void load(int tile, EmulatedMemory memory, long address, long stride) {
    require(tile);
    zero(tile);
    for (int row = 0; row < rows[tile]; row++) {
      memory.load(address + row * stride, rowBytes[tile], tiles[tile], row * ROW);
    }
  }

  void store(int tile, EmulatedMemory memory, long address, long stride) {
    require(tile);
    for (int row = 0; row < rows[tile]; row++) {
      memory.store(address + row * stride, rowBytes[tile], tiles[tile], row * ROW);
    }
  }

  /** Adds products of {@code a}'s rows with {@code b}'s columns, four bytes to each. */
  void multiply(int to, int a, int b, Signs signs) {
    boolean fits = rows[to] == rows[a] && rowBytes[to] == rowBytes[b] && rows[b] == rowBytes[a] / 4;
    require(to);
    if (!fits || to == a || to == b || a == b) {
      throw new EmulationFailure("tiles %d, %d and %d do not fit".formatted(to, a, b));
    }
    for (int m = 0; m < rows[to]; m++) {
      for (int n = 0; n < rowBytes[to]; n += 4) {
        int sum = Lanes.getInt(tiles[to], m * ROW + n);
        for (int k = 0; k < rowBytes[a]; k++) {
          int x = tiles[a][m * ROW + k];
          int y = tiles[b][k / 4 * ROW + n + k % 4];
          sum += (signs.first ? x : x & 0xFF) * (signs.second ? y : y & 0xFF);
        }
        Lanes.setInt(tiles[to], m * ROW + n, sum);
      }
    }
  }

  private void require(int tile) {
    if (rows[tile] == 0 || rowBytes[tile] == 0) {
      throw new EmulationFailure("tile " + tile + " has no shape");
    }
  }
}
