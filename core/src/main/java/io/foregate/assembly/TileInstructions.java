package io.foregate.assembly;

/** AMX: products of tiles of bytes. Tiles are numbered 0 to 7. */
interface TileInstructions {
  /** Writes the instructions. */
  VectorEncoder encoder();

  /** Takes the tiles' shapes from 64 bytes. */
  default void ldtilecfg(Address from) {
    encoder().tile(0, 0x49, 0, from);
  }

  /** Gives the tiles back. */
  default void tilerelease() {
    encoder().tiles(0, 0x49, 0, 0, 0);
  }

  /** Rows of {@code from}, its index register's bytes apart. */
  default void tileloadd(int to, Address from) {
    encoder().tile(0xF2, 0x4B, to, rows(from));
  }

  /** Rows to {@code to}, its index register's bytes apart. */
  default void tilestored(Address to, int from) {
    encoder().tile(0xF3, 0x4B, from, rows(to));
  }

  default void tilezero(int tile) {
    encoder().tiles(0xF2, 0x49, tile, 0, 0);
  }

  /** Signed bytes times signed bytes. */
  default void tdpbssd(int to, int a, int b) {
    encoder().tiles(0xF2, 0x5E, to, a, b);
  }

  /** Unsigned bytes times signed bytes. */
  default void tdpbusd(int to, int a, int b) {
    encoder().tiles(0x66, 0x5E, to, a, b);
  }

  /** Signed bytes times unsigned bytes. */
  default void tdpbsud(int to, int a, int b) {
    encoder().tiles(0xF3, 0x5E, to, a, b);
  }

  private static Address rows(Address at) {
    if (at.index() == null) {
      throw new IllegalArgumentException("rows of a tile need an index, their distance: " + at);
    }
    return at;
  }
}
