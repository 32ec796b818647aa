package io.foregate.quant.vector;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.assembled.activation.ActivationLayout;
import io.foregate.quant.format.LittleEndian;
import io.foregate.quant.format.UnpackedBlock;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The order and the rounding of a row's product with a token, as machine code and the kernels of
 * devices have them, in plain Java. Products of codes are added up as integers, exactly. Floats are
 * added to one or several chains by fused multiply-adds:
 *
 * <ul>
 *   <li>Blocks of 32, one chain: {@code sum = fma(products, weights' scale * activations' scale,
 *       sum)}, block after block.
 *   <li>Blocks of 256, eight chains, or 16 where registers have as many lanes: a sub-block of 16
 *       adds to the chain of its lane ({@link ActivationLayout#lane}, modulo the number of chains).
 *       {@code part = products * scale}, less {@code minimum * sum of codes} by an fma; {@code
 *       chain = fma(part, activations' scale, chain)}.
 *   <li>Floats, as many chains: {@code chain = fma(weight, activation, chain)}, element i to chain
 *       {@code i} modulo their number; what is too little for all of them goes to the first.
 * </ul>
 *
 * <p>At the end chains that are 8 apart are added, then those that are 4 apart, then the four that
 * are left: of blocks those 2 apart first, of floats neighbours.
 */
final class ExactSums {
  /** The most chains. */
  static final int MAX_CHAINS = 16;

  private static final int SUB = 16;

  private ExactSums() {}

  /** Of weights of 32 to a block. */
  static float blocksOf32(
      UnpackedBlock block,
      GgmlType type,
      MemorySegment w,
      long row,
      ActivationRows x,
      int xo,
      int n) {
    float sum = 0;
    for (int i = 0; i < n; i += 32) {
      block.read(type, w, row + type.byteSize(i));
      int products = 0;
      for (int j = 0; j < 32; j++) {
        products += block.q[j] * x.codes[xo + i + j];
      }
      int at = (xo + i) / 32;
      sum = Fused.fma((float) products, x.scales[at] * block.scale[0], sum);
      sum = Fused.fma(-block.min[0], x.sums32[at], sum);
    }
    return sum;
  }

  /**
   * Of weights of 256 to a block.
   *
   * @param lanes how many chains there are
   * @param chains overwritten
   */
  static float blocksOf256(
      UnpackedBlock block,
      GgmlType type,
      MemorySegment w,
      long row,
      ActivationRows x,
      int xo,
      int n,
      int lanes,
      float[] chains) {
    Arrays.fill(chains, 0);
    for (int i = 0; i < n; i += 256) {
      block.read(type, w, row + type.byteSize(i));
      float scale = x.scales[(xo + i) / 32];
      for (int sub = 0; sub < 256 / SUB; sub++) {
        int products = 0;
        int codes = 0;
        for (int j = sub * SUB; j < (sub + 1) * SUB; j++) {
          products += block.q[j] * x.codes[xo + i + j];
          codes += x.codes[xo + i + j];
        }
        int of = sub * SUB / block.subSize;
        float part = Fused.fma(-block.min[of], (float) codes, products * block.scale[of]);
        int chain = ActivationLayout.lane(sub) % lanes;
        chains[chain] = Fused.fma(part, scale, chains[chain]);
      }
    }
    fold(chains, lanes);
    return (chains[0] + chains[2]) + (chains[1] + chains[3]);
  }

  /**
   * Of floats.
   *
   * @param lanes how many chains there are
   * @param chains overwritten
   */
  static float floats(
      GgmlType type,
      MemorySegment w,
      long row,
      float[] x,
      int xo,
      int n,
      int lanes,
      float[] chains) {
    Arrays.fill(chains, 0);
    int whole = n - n % lanes;
    for (int i = 0; i < n; i++) {
      int chain = i < whole ? i % lanes : 0;
      chains[chain] = Fused.fma(element(type, w, row, i), x[xo + i], chains[chain]);
    }
    fold(chains, lanes);
    return (chains[0] + chains[1]) + (chains[2] + chains[3]);
  }

  private static float element(GgmlType type, MemorySegment w, long row, int i) {
    return switch (type) {
      case F32 -> LittleEndian.f32(w, row + 4L * i);
      case F16 -> LittleEndian.f16(w, row + 2L * i);
      case BF16 -> LittleEndian.bf16(w, row + 2L * i);
      default -> throw new IllegalArgumentException(type + " has blocks");
    };
  }

  /** Leaves four. */
  private static void fold(float[] chains, int lanes) {
    for (int half = lanes / 2; half >= 4; half /= 2) {
      for (int i = 0; i < half; i++) {
        chains[i] += chains[i + half];
      }
    }
  }
}
