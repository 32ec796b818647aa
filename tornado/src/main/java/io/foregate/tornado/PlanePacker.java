package io.foregate.tornado;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Planes;
import io.foregate.model.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Sorts ggml's blocks into {@link Planes}, and back. Bits move, and none is lost: what comes back
 * is what went in.
 */
final class PlanePacker {
  private static final ValueLayout.OfInt WORD =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int MOST_CODES = 256;

  private final GgmlType type;
  private final int kind;
  private final int units;
  private final int blockUnits;

  /** Codes of one block, in the order of its weights. */
  private final int[] codes = new int[MOST_CODES];

  private final int[] scales = new int[4];

  /**
   * @param type a type that planes support
   * @param rows of the matrix
   * @param columns of the matrix, a multiple of 32
   */
  PlanePacker(GgmlType type, int rows, int columns) {
    if (!holds(type, columns)) {
      throw new IllegalArgumentException(
          "no planes for rows of %d weights of type %s".formatted(columns, type));
    }
    this.type = type;
    this.kind = type.id();
    this.units = Math.multiplyExact(rows, columns / Planes.UNIT);
    this.blockUnits = Planes.blockUnits(kind);
  }

  /** Whether there are planes for rows of so many weights of a type. */
  static boolean holds(GgmlType type, int columns) {
    return Planes.supports(type.id()) && columns % Planes.UNIT == 0;
  }

  /** Bytes of the planes. */
  long bytes() {
    return 4L * Planes.words(kind, units);
  }

  /** Writes a matrix's planes to {@code out} from {@code at} on. */
  void pack(Matrix matrix, MemorySegment out, long at) {
    MemorySegment in = matrix.data();
    out.asSlice(at, bytes()).fill((byte) 0);
    if (kind == Planes.F16) {
      MemorySegment.copy(in, 0, out, at, bytes());
      return;
    }
    for (int block = 0; block < units / blockUnits; block++) {
      long source = (long) block * type.blockBytes();
      readCodes(in, source);
      readScales(in, source);
      for (int u = 0; u < blockUnits; u++) {
        packUnit(out, at, block * blockUnits + u, u * Planes.UNIT);
      }
      for (int i = 0; i < Planes.scaleWords(kind); i++) {
        long word = Planes.scaleOffset(kind, units) + (long) block * Planes.scaleWords(kind) + i;
        out.set(WORD, at + 4 * word, scales[i]);
      }
      long factors = at + 4L * Planes.halfOffset(kind, units);
      int bytes = Planes.factorBytes(kind);
      MemorySegment.copy(in, source + factorOffset(), out, factors + (long) block * bytes, bytes);
    }
  }

  /** Writes the ggml blocks of planes that begin at {@code at}. */
  void unpack(MemorySegment in, long at, MemorySegment out) {
    if (kind == Planes.F16) {
      MemorySegment.copy(in, at, out, 0, bytes());
      return;
    }
    out.fill((byte) 0);
    for (int block = 0; block < units / blockUnits; block++) {
      long target = (long) block * type.blockBytes();
      for (int u = 0; u < blockUnits; u++) {
        unpackUnit(in, at, block * blockUnits + u, u * Planes.UNIT);
      }
      writeCodes(out, target);
      for (int i = 0; i < Planes.scaleWords(kind); i++) {
        long word = Planes.scaleOffset(kind, units) + (long) block * Planes.scaleWords(kind) + i;
        scales[i] = in.get(WORD, at + 4 * word);
      }
      writeScales(out, target);
      long factors = at + 4L * Planes.halfOffset(kind, units);
      int bytes = Planes.factorBytes(kind);
      MemorySegment.copy(in, factors + (long) block * bytes, out, target + factorOffset(), bytes);
    }
  }

  private int lowBits() {
    return Planes.lowWords(kind); // 32 codes of n bits are n words
  }

  private int highBits() {
    return Planes.highWords(kind);
  }

  private void packUnit(MemorySegment out, long at, int unit, int first) {
    int low = lowBits();
    int high = highBits();
    packWords(out, at + 4L * unit * low, first, low, 0);
    if (high > 0) {
      long plane = at + 4L * Planes.highOffset(kind, units);
      packWords(out, plane + 4L * unit * high, first, high, low);
    }
  }

  /** Writes {@code bits} bits of each code of a unit, from bit {@code from} on: as many words. */
  private void packWords(MemorySegment out, long at, int first, int bits, int from) {
    int mask = (1 << bits) - 1;
    int perWord = 32 / bits;
    for (int i = 0; i < bits; i++) {
      int word = 0;
      for (int j = 0; j < perWord; j++) {
        word |= ((codes[first + i * perWord + j] >> from) & mask) << (j * bits);
      }
      out.set(WORD, at + 4L * i, word);
    }
  }

  private void unpackUnit(MemorySegment in, long at, int unit, int first) {
    Arrays.fill(codes, first, first + Planes.UNIT, 0);
    int low = lowBits();
    int high = highBits();
    unpackWords(in, at + 4L * unit * low, first, low, 0);
    if (high > 0) {
      long plane = at + 4L * Planes.highOffset(kind, units);
      unpackWords(in, plane + 4L * unit * high, first, high, low);
    }
  }

  private void unpackWords(MemorySegment in, long at, int first, int bits, int from) {
    int mask = (1 << bits) - 1;
    int perWord = 32 / bits;
    for (int i = 0; i < bits; i++) {
      int word = in.get(WORD, at + 4L * i);
      for (int j = 0; j < perWord; j++) {
        codes[first + i * perWord + j] |= ((word >> (j * bits)) & mask) << from;
      }
    }
  }

  /** Bits never cross a byte: all widths divide 8. */
  private static void setBits(MemorySegment s, long base, int bit, int value) {
    long at = base + bit / 8;
    s.set(JAVA_BYTE, at, (byte) (s.get(JAVA_BYTE, at) | value << (bit & 7)));
  }

  /** Where in a ggml block its F16 factors are. */
  private int factorOffset() {
    return switch (type) {
      case Q2_K -> 80;
      case Q3_K -> 108;
      case Q6_K -> 208;
      default -> 0;
    };
  }

  /** The place of code {@code i} of a block: which byte, which bit, how many bits. */
  private interface Place {
    void at(int i, int byteOffset, int bit, int width, int codeBit);
  }

  /** ggml's bit layouts ({@code ggml-common.h}): where each bit of each code is in a block. */
  private void places(Place place) {
    for (int i = 0; i < blockUnits * Planes.UNIT; i++) {
      int run = i >> 5;
      int in32 = i & 31;
      switch (type) {
        case Q8_0 -> place.at(i, 2 + i, 0, 8, 0);
        case Q4_0, IQ4_NL -> place.at(i, 2 + (i & 15), 4 * (i >> 4), 4, 0);
        case MXFP4 -> place.at(i, 1 + (i & 15), 4 * (i >> 4), 4, 0);
        case IQ4_XS -> place.at(i, 8 + 16 * run + (i & 15), 4 * (in32 >> 4), 4, 0);
        case Q2_K -> place.at(i, 16 + 32 * (i >> 7) + in32, 2 * (run & 3), 2, 0);
        case Q3_K -> {
          place.at(i, 32 + 32 * (i >> 7) + in32, 2 * (run & 3), 2, 0);
          place.at(i, in32, run, 1, 2);
        }
        case Q4_K -> place.at(i, 16 + 32 * (i >> 6) + in32, 4 * (run & 1), 4, 0);
        case Q5_K -> {
          place.at(i, 48 + 32 * (i >> 6) + in32, 4 * (run & 1), 4, 0);
          place.at(i, 16 + in32, run, 1, 4);
        }
        case Q6_K -> {
          int half = i >> 7;
          place.at(i, 64 * half + 32 * (run & 1) + in32, 4 * ((run >> 1) & 1), 4, 0);
          place.at(i, 128 + 32 * half + in32, 2 * (run & 3), 2, 4);
        }
        default -> throw new IllegalStateException("no block layout for type " + type);
      }
    }
  }

  private void readCodes(MemorySegment in, long block) {
    Arrays.fill(codes, 0);
    places(
        (i, at, bit, width, codeBit) -> {
          int value = (in.get(JAVA_BYTE, block + at) >> bit) & ((1 << width) - 1);
          codes[i] |= value << codeBit;
        });
  }

  private void writeCodes(MemorySegment out, long block) {
    places(
        (i, at, bit, width, codeBit) ->
            setBits(out, block + at, bit, (codes[i] >> codeBit) & ((1 << width) - 1)));
  }

  private void readScales(MemorySegment in, long block) {
    Arrays.fill(scales, 0);
    switch (type) {
      case Q2_K -> copyWords(in, block, 4);
      case Q6_K -> copyWords(in, block + 192, 4);
      case IQ4_XS -> {
        scales[0] = in.get(WORD, block + 4);
        scales[1] = Integer.rotateLeft(in.get(WORD, block), 16); // the factor stands first
      }
      case Q3_K -> {
        for (int j = 0; j < 16; j++) {
          int low = (in.get(JAVA_BYTE, block + 96 + (j & 7)) >> (4 * (j >> 3))) & 15;
          int high = (in.get(JAVA_BYTE, block + 104 + (j & 3)) >> (2 * (j >> 2))) & 3;
          scales[j >> 3] |= low << (4 * (j & 7));
          scales[2] |= high << (2 * j);
        }
      }
      case Q4_K, Q5_K -> {
        for (int j = 0; j < 8; j++) {
          put45(j, k4(in, block + 4, j, false), k4(in, block + 4, j, true));
        }
      }
      default -> {}
    }
  }

  private void put45(int j, int scale, int min) {
    scales[0] |= (scale & 15) << (4 * j);
    scales[1] |= (min & 15) << (4 * j);
    scales[2] |= scale >> 4 << (2 * j);
    scales[2] |= min >> 4 << (2 * j + 16);
  }

  /** Six-bit scale or minimum {@code j} of the 8 of each that Q4_K and Q5_K pack in 12 bytes. */
  private static int k4(MemorySegment s, long at, int j, boolean min) {
    if (j < 4) {
      return s.get(JAVA_BYTE, at + j + (min ? 4 : 0)) & 63;
    }
    int low = (s.get(JAVA_BYTE, at + j + 4) >> (min ? 4 : 0)) & 15;
    int high = (s.get(JAVA_BYTE, at + j - (min ? 0 : 4)) >> 6) & 3;
    return low | (high << 4);
  }

  private void copyWords(MemorySegment in, long at, int count) {
    for (int i = 0; i < count; i++) {
      scales[i] = in.get(WORD, at + 4L * i);
    }
  }

  private void writeScales(MemorySegment out, long block) {
    switch (type) {
      case Q2_K, Q6_K -> {
        for (int i = 0; i < 4; i++) {
          out.set(WORD, block + (type == GgmlType.Q6_K ? 192 : 0) + 4L * i, scales[i]);
        }
      }
      case Q3_K -> {
        for (int j = 0; j < 16; j++) {
          int low = (scales[j >> 3] >> (4 * (j & 7))) & 15;
          int high = (scales[2] >> (2 * j)) & 3;
          setBits(out, block + 96 + (j & 7), 4 * (j >> 3), low);
          setBits(out, block + 104 + (j & 3), 2 * (j >> 2), high);
        }
      }
      case IQ4_XS -> {
        out.set(WORD, block + 4, scales[0]);
        out.set(WORD, block, Integer.rotateLeft(scales[1], 16));
      }
      case Q4_K, Q5_K -> {
        for (int j = 0; j < 8; j++) {
          int scale = ((scales[0] >> (4 * j)) & 15) | (((scales[2] >> (2 * j)) & 3) << 4);
          int min = ((scales[1] >> (4 * j)) & 15) | (((scales[2] >> (2 * j + 16)) & 3) << 4);
          writeK4(out, block + 4, j, scale, false);
          writeK4(out, block + 4, j, min, true);
        }
      }
      default -> {}
    }
  }

  private static void writeK4(MemorySegment s, long at, int j, int value, boolean min) {
    if (j < 4) {
      setBits(s, at + j + (min ? 4 : 0), 0, value);
    } else {
      setBits(s, at + j + 4, min ? 4 : 0, value & 15);
      setBits(s, at + j - (min ? 0 : 4), 6, value >> 4);
    }
  }
}
