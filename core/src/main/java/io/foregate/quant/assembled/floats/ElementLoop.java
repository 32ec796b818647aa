package io.foregate.quant.assembled.floats;

import io.foregate.assembly.Assembler;
import io.foregate.assembly.Vec;

/**
 * What a loop makes of each element x of an array, the element y of another beside it, and a
 * factor.
 */
public enum ElementLoop {
  /** {@code y + factor * x}, rounded once. */
  MULTIPLY_AND_ADD,
  /** {@code x * factor}. */
  SCALE,
  /** {@code x * factor * y}. */
  SCALED_PRODUCT,
  /** {@code e^x}. */
  EXPONENTIAL,
  /** {@code x / (1 + e^-x) * y}. */
  SILU_PRODUCT,
  /** {@code x / (1 + e^(-factor x)) * (y + 1)}, x being at most 7, and y -7 to 7. */
  CLAMPED_SILU_PRODUCT;

  private static final double LIMIT = 7;

  /** Writes a step; it may use registers as it likes. */
  void step(LoopFrame f) {
    Assembler a = f.a;
    Vec x = f.loadX();
    switch (this) {
      case MULTIPLY_AND_ADD -> {
        Vec y = f.loadY();
        a.vfmadd231ps(y, x, f.factor());
        f.store(y);
      }
      case SCALE -> {
        a.vmulps(x, x, f.factor());
        f.store(x);
      }
      case SCALED_PRODUCT -> {
        Vec y = f.loadY();
        a.vmulps(x, x, f.factor());
        a.vmulps(x, x, y);
        f.store(x);
      }
      case EXPONENTIAL -> f.store(f.exponential(x));
      case SILU_PRODUCT -> {
        Vec y = f.loadY();
        Vec steep = f.registers().take();
        a.vpxor(steep, x, f.pattern(1 << 31));
        sigmoidTimes(f, x, steep);
        a.vmulps(x, x, y);
        f.store(x);
      }
      case CLAMPED_SILU_PRODUCT -> clampedSilu(f, x, f.loadY());
    }
  }

  /** Where a NaN must stay one, it is the second of two: the manual says that it is taken. */
  private static void clampedSilu(LoopFrame f, Vec x, Vec y) {
    Assembler a = f.a;
    Vec scratch = f.registers().take();
    a.vmovups(scratch, f.floats(LIMIT));
    a.vminps(x, scratch, x);
    a.vminps(y, scratch, y);
    a.vmovups(scratch, f.floats(-LIMIT));
    a.vmaxps(y, scratch, y);
    a.vaddps(y, y, f.floats(1));
    a.vmulps(scratch, x, f.factor());
    a.vpxor(scratch, scratch, f.pattern(1 << 31));
    sigmoidTimes(f, x, scratch);
    a.vmulps(x, x, y);
    f.store(x);
  }

  /** {@code x / (1 + e^power)}; the power is lost. */
  private static void sigmoidTimes(LoopFrame f, Vec x, Vec power) {
    Vec e = f.exponential(power);
    f.a.vaddps(e, e, f.floats(1));
    f.a.vdivps(x, x, e);
  }
}
