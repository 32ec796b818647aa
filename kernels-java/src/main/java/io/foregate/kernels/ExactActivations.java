package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Activations rounded as the CPU rounds them for weights of a type (ggml's {@code vec_dot_type}),
 * bit for bit. Of each unit of 32 there are {@value #CODE_WORDS} words of codes, signed bytes in
 * their order, and {@value #FACTORS} floats: the factor, and of blocks of 256 minus the sums of the
 * first and the last 16 codes. Of {@link #FLOATS}, one float per element.
 */
public final class ExactActivations {
  /** Floats, rounded to f16. */
  public static final int FLOATS = 0;

  /** Codes in blocks of 32: Q8_0. */
  public static final int BLOCKS_OF_32 = 1;

  /** Codes in blocks of 256: Q8_K. */
  public static final int BLOCKS_OF_256 = 2;

  /** Words of codes for each unit. */
  public static final int CODE_WORDS = 8;

  /** Floats for each unit. */
  public static final int FACTORS = 3;

  /** Threads of a group of {@link #blocksOf256}, and elements of each. */
  public static final int LANES = 32;

  private static final int OF_LANE = 8;

  private ExactActivations() {}

  /** How activations are rounded that meet weights of a type. */
  public static int kind(int type) {
    if (type == Planes.F16) {
      return FLOATS;
    }
    return Planes.blockUnits(type) == 8 ? BLOCKS_OF_256 : BLOCKS_OF_32;
  }

  /**
   * Rounds to f16, one thread per element.
   *
   * @param factors gets them from {@code to} on
   */
  public static void floats(
      KernelContext context, FloatArray x, FloatArray factors, int to, int elements) {
    int i = context.globalIdx;
    if (i < elements) {
      float value = x.get(i);
      float magnitude = TornadoMath.abs(value);
      if (magnitude < 65520) {
        value = F16Bits.decode(F16Bits.encode(value));
      } else {
        value = value * 0x1p127f; // an infinity, or a NaN
      }
      factors.set(to + i, value);
    }
  }

  /**
   * Rounds to blocks of 32, one thread per block.
   *
   * @param to the first unit that is written
   */
  public static void blocksOf32(
      KernelContext context, FloatArray x, IntArray codes, FloatArray factors, int to, int units) {
    int unit = context.globalIdx;
    if (unit < units) {
      int at = unit * Planes.UNIT;
      float largest = 0;
      float finite = 1;
      for (int i = 0; i < Planes.UNIT; i++) {
        float magnitude = TornadoMath.abs(x.get(at + i));
        if (magnitude > largest) {
          largest = magnitude;
        }
        finite *= isFinite(magnitude);
      }
      float factor = ExactMath.quotient(largest, 127f);
      float inverse = finite * orZero(ExactMath.quotient(1f, factor));
      for (int j = 0; j < CODE_WORDS; j++) {
        int word = 0;
        for (int i = 0; i < 4; i++) {
          float value = finite == 1 ? x.get(at + 4 * j + i) : 0;
          word |= (ExactMath.nearest(value, inverse) & 255) << (8 * i);
        }
        codes.set((to + unit) * CODE_WORDS + j, word);
      }
      if (factor < 65520) {
        factor = F16Bits.decode(F16Bits.encode(factor));
      } else {
        factor = factor * 0x1p127f;
      }
      factors.set((to + unit) * FACTORS, finite == 1 ? factor : nan(factor));
      factors.set((to + unit) * FACTORS + 1, 0f);
      factors.set((to + unit) * FACTORS + 2, 0f);
    }
  }

  /**
   * Rounds to blocks of 256, one group of {@link #LANES} per block.
   *
   * @param to the first unit that is written
   */
  public static void blocksOf256(
      KernelContext context, FloatArray x, IntArray codes, FloatArray factors, int to) {
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    float[] values = context.allocateFloatLocalArray(LANES);
    int[] sums = context.allocateIntLocalArray(LANES);
    int first = context.groupIdx * 256;
    // The first of the largest magnitude, of each eight and then of all.
    for (int part = lane; part < LANES; part += lanes) {
      float extreme = 0;
      float finite = 1;
      for (int i = 0; i < OF_LANE; i++) {
        float value = x.get(first + part * OF_LANE + i);
        float magnitude = TornadoMath.abs(value);
        if (magnitude > TornadoMath.abs(extreme)) {
          extreme = value;
        }
        finite *= isFinite(magnitude);
      }
      values[part] = finite == 1 ? extreme : nan(extreme);
    }
    context.localBarrier();
    float extreme = 0;
    float finite = 1;
    for (int part = 0; part < LANES; part++) {
      float value = values[part];
      float magnitude = TornadoMath.abs(value);
      if (magnitude > TornadoMath.abs(extreme)) {
        extreme = value;
      }
      finite *= isFinite(magnitude);
    }
    float inverse = finite * orZero(ExactMath.quotient(-127f, extreme));
    for (int part = lane; part < LANES; part += lanes) {
      int sum = 0;
      for (int j = 0; j < 2; j++) {
        int word = 0;
        for (int i = 0; i < 4; i++) {
          float value = finite == 1 ? x.get(first + part * OF_LANE + 4 * j + i) : 0;
          int code = TornadoMath.min(ExactMath.nearestEven(inverse, value), 127);
          sum += code;
          word |= (code & 255) << (8 * i);
        }
        codes.set((to * Planes.UNIT + first + part * OF_LANE) / 4 + j, word);
      }
      sums[part] = sum;
    }
    context.localBarrier();
    float factor = orZero(ExactMath.quotient(1f, inverse));
    for (int part = lane; part < LANES / 4; part += lanes) {
      int at = (to + first / Planes.UNIT + part) * FACTORS;
      factors.set(at, finite == 1 ? factor : nan(factor));
      factors.set(at + 1, -(sums[4 * part] + sums[4 * part + 1]));
      factors.set(at + 2, -(sums[4 * part + 2] + sums[4 * part + 3]));
    }
  }

  /** 1 for a finite magnitude, else 0. */
  private static float isFinite(float magnitude) {
    float finite = 0;
    if (magnitude <= Float.MAX_VALUE) {
      finite = 1;
    }
    return finite;
  }

  /** Infinities, which are quotients by zero or almost, become zero. */
  private static float orZero(float quotient) {
    float magnitude = TornadoMath.abs(quotient);
    return magnitude > Float.MAX_VALUE ? 0 : quotient;
  }

  @SuppressWarnings("IdentityBinaryExpression") // a NaN is what is wanted
  private static float nan(float any) {
    float zero = any * 0;
    return zero / zero;
  }
}
