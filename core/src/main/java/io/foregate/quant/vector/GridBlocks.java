package io.foregate.quant.vector;

import static io.foregate.quant.format.LittleEndian.f16;
import static io.foregate.quant.format.LittleEndian.i32;
import static io.foregate.quant.format.LittleEndian.u16;
import static io.foregate.quant.format.LittleEndian.u8;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.Codebook;
import io.foregate.quant.format.UnpackedBlock;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * Unpacks blocks of grids and ternary numbers for {@link UnpackedDots}: what their formats say,
 * once more by hand, because these products spend most of their time here.
 */
final class GridBlocks {
  /** Types that {@link #read} knows. */
  static final Set<GgmlType> TYPES =
      Collections.unmodifiableSet(
          EnumSet.of(
              GgmlType.IQ3_S,
              GgmlType.IQ3_XXS,
              GgmlType.IQ2_S,
              GgmlType.IQ2_XS,
              GgmlType.IQ2_XXS,
              GgmlType.IQ1_S,
              GgmlType.IQ1_M,
              GgmlType.TQ1_0,
              GgmlType.TQ2_0));

  private static final byte[] IQ3_S = Codebook.IQ3_S.toArray();
  private static final byte[] IQ3_XXS = Codebook.IQ3_XXS.toArray();
  private static final byte[] IQ2_S = Codebook.IQ2_S.toArray();
  private static final byte[] IQ2_XS = Codebook.IQ2_XS.toArray();
  private static final byte[] IQ2_XXS = Codebook.IQ2_XXS.toArray();
  private static final byte[] IQ1 = Codebook.IQ1.toArray();

  private GridBlocks() {}

  /** Reads the block at {@code o}. */
  public static void read(GgmlType type, MemorySegment s, long o, UnpackedBlock block) {
    switch (type) {
      case IQ3_S -> iq3s(s, o, block);
      case IQ3_XXS -> iq3xxs(s, o, block);
      case IQ2_S -> iq2s(s, o, block);
      case IQ2_XS -> iq2xs(s, o, block);
      case IQ2_XXS -> iq2xxs(s, o, block);
      case IQ1_S -> iq1s(s, o, block);
      case IQ1_M -> iq1m(s, o, block);
      case TQ1_0 -> tq1(s, o, block);
      case TQ2_0 -> tq2(s, o, block);
      default -> throw new IllegalArgumentException("no block layout for type " + type);
    }
  }

  /** One scale for all 256 elements, said once for each 32, which have sums of their own. */
  private static void whole(UnpackedBlock block, float d) {
    block.subSize = 32;
    Arrays.fill(block.scale, 0, 8, d);
    Arrays.fill(block.min, 0, 8, 0);
  }

  /** {@code n} elements of a grid's entry; bit i of {@code signs} negates element i. */
  private static void entry(byte[] grid, int index, int n, int signs, int[] q, int to) {
    for (int i = 0; i < n; i++) {
      int v = grid[n * index + i];
      q[to + i] = ((signs >> i) & 1) != 0 ? -v : v;
    }
  }

  /**
   * The eighth sign of an IQ2_XXS, IQ2_XS or IQ3_XXS group makes the number of minus signs even.
   *
   * @param seven bits of the first seven signs
   * @return all eight, bit set for minus
   */
  private static int evenSigns(int seven) {
    return seven | ((Integer.bitCount(seven) & 1) << 7);
  }

  private static void iq2xxs(MemorySegment s, long o, UnpackedBlock block) {
    block.subSize = 32;
    float d = f16(s, o);
    for (int j = 0; j < 8; j++) {
      long group = o + 2 + 8L * j;
      int signs = i32(s, group + 4);
      block.scale[j] = d * (0.5f + (signs >>> 28)) * 0.25f;
      block.min[j] = 0;
      for (int l = 0; l < 4; l++) {
        int eight = evenSigns((signs >>> (7 * l)) & 127);
        entry(IQ2_XXS, u8(s, group + l), 8, eight, block.q, 32 * j + 8 * l);
      }
    }
  }

  private static void iq2xs(MemorySegment s, long o, UnpackedBlock block) {
    iq2Scales(s, o + 66, f16(s, o), block);
    for (int l = 0; l < 32; l++) {
      int code = u16(s, o + 2 + 2L * l);
      entry(IQ2_XS, code & 511, 8, evenSigns(code >> 9), block.q, 8 * l);
    }
  }

  private static void iq2s(MemorySegment s, long o, UnpackedBlock block) {
    iq2Scales(s, o + 74, f16(s, o), block);
    for (int l = 0; l < 32; l++) {
      int high = (u8(s, o + 66 + l / 4) >> (2 * (l & 3))) & 3;
      int index = u8(s, o + 2 + l) | (high << 8);
      entry(IQ2_S, index, 8, u8(s, o + 34 + l), block.q, 8 * l);
    }
  }

  private static void iq2Scales(MemorySegment s, long o, float d, UnpackedBlock block) {
    block.subSize = 16;
    for (int j = 0; j < 16; j++) {
      int code = (u8(s, o + j / 2) >> (4 * (j & 1))) & 0xF;
      block.scale[j] = d * (0.5f + code) * 0.25f;
      block.min[j] = 0;
    }
  }

  private static void iq3xxs(MemorySegment s, long o, UnpackedBlock block) {
    block.subSize = 32;
    float d = f16(s, o);
    for (int j = 0; j < 8; j++) {
      int signs = i32(s, o + 66 + 4L * j);
      block.scale[j] = d * (0.5f + (signs >>> 28)) * 0.5f;
      block.min[j] = 0;
      for (int l = 0; l < 8; l++) {
        int eight = evenSigns((signs >>> (7 * (l / 2))) & 127);
        int index = u8(s, o + 2 + 8L * j + l);
        entry(IQ3_XXS, index, 4, eight >> (4 * (l & 1)), block.q, 32 * j + 4 * l);
      }
    }
  }

  private static void iq3s(MemorySegment s, long o, UnpackedBlock block) {
    block.subSize = 32;
    float d = f16(s, o);
    for (int j = 0; j < 8; j++) {
      int code = (u8(s, o + 106 + j / 2) >> (4 * (j & 1))) & 0xF;
      block.scale[j] = d * (1 + 2 * code);
      block.min[j] = 0;
      int high = u8(s, o + 66 + j);
      for (int l = 0; l < 8; l++) {
        int index = u8(s, o + 2 + 8L * j + l) | (((high >> l) & 1) << 8);
        int signs = u8(s, o + 74 + 4L * j + l / 2) >> (4 * (l & 1));
        entry(IQ3_S, index, 4, signs, block.q, 32 * j + 4 * l);
      }
    }
  }

  /**
   * An entry of the ternary grid, shifted by an eighth up or down; eight times that, to be whole.
   */
  private static void shifted(int index, boolean down, int[] q, int to) {
    for (int i = 0; i < 8; i++) {
      q[to + i] = 8 * IQ1[8 * index + i] + (down ? -1 : 1);
    }
  }

  private static void iq1s(MemorySegment s, long o, UnpackedBlock block) {
    block.subSize = 32;
    float d = f16(s, o);
    for (int j = 0; j < 8; j++) {
      int high = u16(s, o + 34 + 2L * j);
      block.scale[j] = d * (2 * ((high >> 12) & 7) + 1) * 0.125f;
      block.min[j] = 0;
      for (int l = 0; l < 4; l++) {
        int index = u8(s, o + 2 + 4L * j + l) | (((high >> (3 * l)) & 7) << 8);
        shifted(index, (high & 0x8000) != 0, block.q, 32 * j + 8 * l);
      }
    }
  }

  /** The block's scale is spread over the upper four bits of four words of 3-bit scales. */
  private static void iq1m(MemorySegment s, long o, UnpackedBlock block) {
    block.subSize = 16;
    int bits = 0;
    for (int j = 0; j < 4; j++) {
      bits |= (u16(s, o + 48 + 2L * j) >> 12) << (4 * j);
    }
    float d = Float.float16ToFloat((short) bits);
    for (int j = 0; j < 16; j++) {
      int code = (u16(s, o + 48 + 2L * (j / 4)) >> (3 * (j & 3))) & 7;
      block.scale[j] = d * (2 * code + 1) * 0.125f;
      block.min[j] = 0;
    }
    for (int l = 0; l < 32; l++) {
      int high = u8(s, o + 32 + l / 2) >> (4 * (l & 1));
      shifted(u8(s, o + l) | ((high & 7) << 8), (high & 8) != 0, block.q, 8 * l);
    }
  }

  /** Five digits to the base of three per byte, as fractions of 256; four in the last bytes. */
  private static void tq1(MemorySegment s, long o, UnpackedBlock block) {
    whole(block, f16(s, o + 52));
    digits(s, o, 32, 5, block.q, 0);
    digits(s, o + 32, 16, 5, block.q, 160);
    digits(s, o + 48, 4, 4, block.q, 240);
  }

  private static void digits(MemorySegment s, long o, int bytes, int digits, int[] q, int to) {
    for (int j = 0; j < bytes; j++) {
      int fraction = u8(s, o + j);
      for (int n = 0; n < digits; n++) {
        q[to + n * bytes + j] = ((fraction * 3) >> 8) - 1;
        fraction = (fraction * 3) & 0xFF;
      }
    }
  }

  private static void tq2(MemorySegment s, long o, UnpackedBlock block) {
    whole(block, f16(s, o + 64));
    for (int i = 0; i < UnpackedBlock.MAX_BLOCK; i++) {
      int b = u8(s, o + 32L * (i >> 7) + (i & 31));
      block.q[i] = ((b >> (2 * ((i >> 5) & 3))) & 3) - 1;
    }
  }
}
