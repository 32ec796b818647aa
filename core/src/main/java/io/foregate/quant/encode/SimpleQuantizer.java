package io.foregate.quant.encode;

import io.foregate.quant.format.LittleEndian;
import io.foregate.quant.format.Rounding;
import java.lang.foreign.MemorySegment;

/**
 * Quantizers of the 32-element types: one scale (and minimum) from the block's extremes, every
 * element rounded to it.
 *
 * <p>Each method encodes one block of finite values from {@code x[o ..]} to {@code dst} at {@code
 * to}. Source: the formulas of ggml's {@code quantize_row_q*_ref}.
 */
final class SimpleQuantizer {
  private static final int BLOCK = 32;
  private static final int HALF = BLOCK / 2;

  private SimpleQuantizer() {}

  static void q40(float[] x, int o, MemorySegment dst, long to) {
    float d = signedExtreme(x, o) / -8;
    float id = Rounding.inverse(d);
    LittleEndian.f16(dst, to, d);
    for (int j = 0; j < HALF; j++) {
      int low = code(x[o + j] * id + 8.5f, 15);
      int high = code(x[o + HALF + j] * id + 8.5f, 15);
      LittleEndian.i8(dst, to + 2 + j, low | (high << 4));
    }
  }

  static void q50(float[] x, int o, MemorySegment dst, long to) {
    float d = signedExtreme(x, o) / -16;
    float id = Rounding.inverse(d);
    LittleEndian.f16(dst, to, d);
    int fifth = 0;
    for (int j = 0; j < HALF; j++) {
      int low = code(x[o + j] * id + 16.5f, 31);
      int high = code(x[o + HALF + j] * id + 16.5f, 31);
      LittleEndian.i8(dst, to + 6 + j, (low & 0xF) | ((high & 0xF) << 4));
      fifth |= ((low >> 4) << j) | ((high >> 4) << (j + HALF));
    }
    LittleEndian.i32(dst, to + 2, fifth);
  }

  static void q41(float[] x, int o, MemorySegment dst, long to) {
    float min = min(x, o);
    float d = (max(x, o) - min) / 15;
    float id = Rounding.inverse(d);
    LittleEndian.f16(dst, to, d);
    LittleEndian.f16(dst, to + 2, min);
    for (int j = 0; j < HALF; j++) {
      int low = code((x[o + j] - min) * id + 0.5f, 15);
      int high = code((x[o + HALF + j] - min) * id + 0.5f, 15);
      LittleEndian.i8(dst, to + 4 + j, low | (high << 4));
    }
  }

  static void q51(float[] x, int o, MemorySegment dst, long to) {
    float min = min(x, o);
    float d = (max(x, o) - min) / 31;
    float id = Rounding.inverse(d);
    LittleEndian.f16(dst, to, d);
    LittleEndian.f16(dst, to + 2, min);
    int fifth = 0;
    for (int j = 0; j < HALF; j++) {
      int low = code((x[o + j] - min) * id + 0.5f, 31);
      int high = code((x[o + HALF + j] - min) * id + 0.5f, 31);
      LittleEndian.i8(dst, to + 8 + j, (low & 0xF) | ((high & 0xF) << 4));
      fifth |= ((low >> 4) << j) | ((high >> 4) << (j + HALF));
    }
    LittleEndian.i32(dst, to + 4, fifth);
  }

  static void q80(float[] x, int o, MemorySegment dst, long to) {
    float d = absoluteMax(x, o) / 127;
    float id = Rounding.inverse(d);
    LittleEndian.f16(dst, to, d);
    for (int j = 0; j < BLOCK; j++) {
      LittleEndian.i8(dst, to + 2 + j, Rounding.roundAwayFromZero(x[o + j] * id));
    }
  }

  static void q81(float[] x, int o, MemorySegment dst, long to) {
    float d = absoluteMax(x, o) / 127;
    float id = Rounding.inverse(d);
    int sum = 0;
    for (int j = 0; j < BLOCK; j++) {
      int q = Rounding.roundAwayFromZero(x[o + j] * id);
      LittleEndian.i8(dst, to + 4 + j, q);
      sum += q;
    }
    LittleEndian.f16(dst, to, d);
    LittleEndian.f16(dst, to + 2, sum * d);
  }

  private static int code(float shifted, int max) {
    return Math.clamp((int) shifted, 0, max);
  }

  /** The element of largest magnitude, with its sign; the first one if several tie. */
  private static float signedExtreme(float[] x, int o) {
    float amax = 0;
    float extreme = 0;
    for (int j = 0; j < BLOCK; j++) {
      float v = x[o + j];
      if (amax < Math.abs(v)) {
        amax = Math.abs(v);
        extreme = v;
      }
    }
    return extreme;
  }

  private static float absoluteMax(float[] x, int o) {
    float amax = 0;
    for (int j = 0; j < BLOCK; j++) {
      amax = Math.max(amax, Math.abs(x[o + j]));
    }
    return amax;
  }

  private static float min(float[] x, int o) {
    float min = Float.MAX_VALUE;
    for (int j = 0; j < BLOCK; j++) {
      if (x[o + j] < min) {
        min = x[o + j];
      }
    }
    return min;
  }

  private static float max(float[] x, int o) {
    float max = -Float.MAX_VALUE;
    for (int j = 0; j < BLOCK; j++) {
      if (x[o + j] > max) {
        max = x[o + j];
      }
    }
    return max;
  }
}
