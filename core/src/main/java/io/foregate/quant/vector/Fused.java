package io.foregate.quant.vector;

import io.foregate.assembly.CpuExtension;
import io.foregate.assembly.CpuFeatures;

/**
 * Fused multiply-adds of plain Java. {@link Math#fma} is one instruction where the CPU has it; else
 * it allocates decimal numbers, each of which takes as long as hundreds of products.
 */
final class Fused {
  private static final boolean IS_INSTRUCTION = isInstruction(System.getProperty("os.arch"));

  private Fused() {}

  /** {@code a * b + c}, rounded once. */
  static float fma(float a, float b, float c) {
    return IS_INSTRUCTION ? Math.fma(a, b, c) : withoutInstruction(a, b, c);
  }

  /** Of x86-64 only some CPUs have it: with AVX2. What else Java 25 runs on, has it. */
  private static boolean isInstruction(String architecture) {
    return switch (architecture) {
      case "amd64", "x86_64" -> CpuFeatures.detect().has(CpuExtension.AVX2);
      default -> true;
    };
  }

  /**
   * The same by doubles, which have exact products of floats. Their sum is rounded to odd, so that
   * the second rounding is that of the exact one (Boldo, Melquiond, IEEE Transactions on Computers
   * 57 (4), 2008).
   */
  static float withoutInstruction(float a, float b, float c) {
    double product = (double) a * b;
    double sum = product + c;
    double added = sum - product;
    double rest = (product - (sum - added)) + (c - added); // what rounding took away, exactly
    if (rest > 0 || rest < 0) { // it is a NaN where the sum is infinite or one
      long bits = Double.doubleToRawLongBits(sum);
      if ((bits & 1) == 0) {
        boolean isLarger = (rest > 0) == (sum > 0); // in magnitude, than the sum
        sum = Double.longBitsToDouble(isLarger ? bits + 1 : bits - 1);
      }
    }
    return (float) sum;
  }
}
