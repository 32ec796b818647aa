package io.foregate.quant;

import static io.foregate.quant.Lanes.N;
import static io.foregate.quant.Lanes.broadcast;
import static io.foregate.quant.Lanes.load;
import static io.foregate.quant.Lanes.toFloats;

import io.foregate.gguf.GgmlType;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;
import java.util.Locale;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;

/**
 * Dot products of one row of a 256-element K type in native memory with a Q8_K activation.
 *
 * <p>Codes are unpacked unsigned into 16-bit lanes and multiplied there. What a type subtracts from
 * its codes multiplies the activation's sums instead, in {@link KScales}, which also spreads out
 * the sub-blocks' scales.
 *
 * <p>C2 stops inlining when a method has come to 18,000 nodes, some sixty vector operations;
 * vectors that cross a call are then allocated, and the product is ten times slower. So each loop
 * here takes equal pieces of the row, a few elements of a group of 64 however a block arranges
 * them; the row is first copied to the heap, whose loads are the lightest; and the loops are called
 * by way of method handles that the compiler does not know, because inlined into their callers they
 * pass the limit once more.
 */
final class KDots {
  /** Longest run of columns whose scales fit into {@link Scratch#scales}. */
  private static final int MAX_COLS = Scratch.SCALES * 16;

  /** Pieces of N bytes in each run of 32. */
  private static final int PIECES = 32 / N;

  /** By type. An array's elements are no constants to C2, which keeps it from inlining them. */
  private static final MethodHandle[] PRODUCTS = products();

  private KDots() {}

  private static MethodHandle[] products() {
    MethodHandle[] products = new MethodHandle[GgmlType.values().length];
    MethodType signature =
        MethodType.methodType(
            float.class, byte[].class, short[].class, int.class, int.class, float[].class);
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      for (GgmlType type :
          List.of(GgmlType.Q2_K, GgmlType.Q3_K, GgmlType.Q4_K, GgmlType.Q5_K, GgmlType.Q6_K)) {
        String name = type.name().substring(0, 2).toLowerCase(Locale.ROOT);
        products[type.ordinal()] = lookup.findStatic(KDots.class, name, signature);
      }
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("a product of KDots is missing", e);
    }
    return products;
  }

  /**
   * @param row address of the first block
   * @param xo where the activation's codes begin; its scales begin at {@code xo / 32} and its sums
   *     at {@code xo / 32} or {@code xo / 16}
   * @param scratch of the calling thread
   */
  static float dot(GgmlType type, long row, Activation x, int xo, int cols, Scratch scratch) {
    float sum = 0;
    for (int c = 0; c < cols; c += MAX_COLS) {
      int n = Math.min(MAX_COLS, cols - c);
      sum += stretch(type, row + type.byteSize(c), x, xo + c, n, scratch);
    }
    return sum;
  }

  private static float stretch(
      GgmlType type, long row, Activation x, int xo, int n, Scratch scratch) {
    float[] scales = scratch.scales;
    Native.copy(row, scratch.row, (int) type.byteSize(n));
    float subtracted = KScales.spread(type, row, x, xo, n, scales);
    try {
      return (float) PRODUCTS[type.ordinal()].invokeExact(scratch.row, x.codes, xo, n >> 6, scales)
          - subtracted;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  static float q4(byte[] w, short[] x, int xo, int groups, float[] scales) {
    FloatVector sum = Lanes.zero();
    for (int i = 0; i < groups * PIECES / 2; i++) {
      int g = i / (PIECES / 2);
      int j = i % (PIECES / 2) * 2 * N;
      int p = (g >> 2) * 144 + 16 + 32 * (g & 3) + j;
      int o = xo + 64 * g + j;
      ShortVector a = Lanes.unsignedBytes(w, p);
      ShortVector b = Lanes.unsignedBytes(w, p + N);
      ShortVector low = Lanes.low4(a).mul(load(x, o)).add(Lanes.low4(b).mul(load(x, o + N)));
      ShortVector high =
          Lanes.high4(a).mul(load(x, o + 32)).add(Lanes.high4(b).mul(load(x, o + N + 32)));
      sum = toFloats(low).fma(broadcast(scales[2 * g]), sum);
      sum = toFloats(high).fma(broadcast(scales[2 * g + 1]), sum);
    }
    return Lanes.sum(sum);
  }

  static float q5(byte[] w, short[] x, int xo, int groups, float[] scales) {
    FloatVector sum = Lanes.zero();
    for (int i = 0; i < groups * PIECES; i++) {
      int g = i / PIECES;
      int j = i % PIECES * N;
      int block = (g >> 2) * 176 + j;
      ShortVector a = Lanes.unsignedBytes(w, block + 48 + 32 * (g & 3));
      ShortVector fifth = Lanes.right(Lanes.unsignedBytes(w, block + 16), 2 * (g & 3));
      ShortVector low = Lanes.low4(a).or(Lanes.left(fifth, 4).and((short) 16));
      ShortVector high = Lanes.high4(a).or(Lanes.left(fifth, 3).and((short) 16));
      int o = xo + 64 * g + j;
      sum = toFloats(low.mul(load(x, o))).fma(broadcast(scales[2 * g]), sum);
      sum = toFloats(high.mul(load(x, o + 32))).fma(broadcast(scales[2 * g + 1]), sum);
    }
    return Lanes.sum(sum);
  }

  static float q6(byte[] w, short[] x, int xo, int groups, float[] scales) {
    FloatVector sum = Lanes.zero();
    for (int i = 0; i < groups * PIECES; i++) {
      int g = i / PIECES;
      int j = i % PIECES * N;
      int block = (g >> 2) * 210 + j;
      ShortVector a = Lanes.unsignedBytes(w, block + 32 * (g & 3));
      ShortVector top = Lanes.unsignedBytes(w, block + 128 + 32 * ((g >> 1) & 1));
      ShortVector bits = Lanes.right(top, 2 * (g & 1));
      ShortVector low = Lanes.low4(a).or(Lanes.left(bits, 4).and((short) 48));
      ShortVector high = Lanes.high4(a).or(bits.and((short) 48));
      int o = xo + 128 * (g >> 1) + 32 * (g & 1) + j;
      int s = 8 * (g >> 1) + 2 * (g & 1) + (j >> 4);
      sum = toFloats(low.mul(load(x, o))).fma(broadcast(scales[s]), sum);
      sum = toFloats(high.mul(load(x, o + 64))).fma(broadcast(scales[s + 4]), sum);
    }
    return Lanes.sum(sum);
  }

  static float q2(byte[] w, short[] x, int xo, int groups, float[] scales) {
    FloatVector even = Lanes.zero();
    FloatVector odd = even;
    for (int i = 0; i < groups / 2 * PIECES; i++) {
      int half = i / PIECES; // 128 elements: four bit pairs of 32 bytes
      int j = i % PIECES * N;
      ShortVector a = Lanes.unsignedBytes(w, (half >> 1) * 84 + 16 + 32 * (half & 1) + j);
      int o = xo + 128 * half + j;
      int s = 8 * half + (j >> 4);
      ShortVector c0 = a.and((short) 3);
      ShortVector c1 = Lanes.right(a, 2).and((short) 3);
      ShortVector c2 = Lanes.right(a, 4).and((short) 3);
      ShortVector c3 = Lanes.right(a, 6);
      even = toFloats(c0.mul(load(x, o))).fma(broadcast(scales[s]), even);
      odd = toFloats(c1.mul(load(x, o + 32))).fma(broadcast(scales[s + 2]), odd);
      even = toFloats(c2.mul(load(x, o + 64))).fma(broadcast(scales[s + 4]), even);
      odd = toFloats(c3.mul(load(x, o + 96))).fma(broadcast(scales[s + 6]), odd);
    }
    return Lanes.sum(even.add(odd));
  }

  static float q3(byte[] w, short[] x, int xo, int groups, float[] scales) {
    FloatVector sum = Lanes.zero();
    for (int i = 0; i < groups * PIECES; i++) {
      int g = i / PIECES;
      int j = i % PIECES * N;
      int block = (g >> 2) * 110 + j;
      int p = block + 32 + 32 * ((g >> 1) & 1);
      ShortVector a = Lanes.right(Lanes.unsignedBytes(w, p), 4 * (g & 1));
      ShortVector third = Lanes.right(Lanes.unsignedBytes(w, block), 2 * (g & 3));
      ShortVector low = a.and((short) 3).or(Lanes.left(third, 2).and((short) 4));
      ShortVector high = Lanes.right(a, 2).and((short) 3).or(Lanes.left(third, 1).and((short) 4));
      int o = xo + 64 * g + j;
      int s = 4 * g + (j >> 4);
      sum = toFloats(low.mul(load(x, o))).fma(broadcast(scales[s]), sum);
      sum = toFloats(high.mul(load(x, o + 32))).fma(broadcast(scales[s + 2]), sum);
    }
    return Lanes.sum(sum);
  }
}
