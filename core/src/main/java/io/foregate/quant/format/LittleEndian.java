package io.foregate.quant.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Unaligned little-endian access to weight bytes. GGUF is little-endian on every machine, and
 * blocks of 18 or 34 bytes are not aligned to anything.
 */
public final class LittleEndian {
  public static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  public static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  public static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  public static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private LittleEndian() {}

  public static int u8(MemorySegment s, long offset) {
    return s.get(ValueLayout.JAVA_BYTE, offset) & 0xFF;
  }

  public static byte i8(MemorySegment s, long offset) {
    return s.get(ValueLayout.JAVA_BYTE, offset);
  }

  public static void i8(MemorySegment s, long offset, int value) {
    s.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
  }

  public static int u16(MemorySegment s, long offset) {
    return s.get(SHORT, offset) & 0xFFFF;
  }

  public static int i32(MemorySegment s, long offset) {
    return s.get(INT, offset);
  }

  public static void i32(MemorySegment s, long offset, int value) {
    s.set(INT, offset, value);
  }

  public static void i16(MemorySegment s, long offset, int value) {
    s.set(SHORT, offset, (short) value);
  }

  public static float f32(MemorySegment s, long offset) {
    return s.get(FLOAT, offset);
  }

  public static void f32(MemorySegment s, long offset, float value) {
    s.set(FLOAT, offset, value);
  }

  /** IEEE 754 binary16. */
  public static float f16(MemorySegment s, long offset) {
    return Float.float16ToFloat(s.get(SHORT, offset));
  }

  public static void f16(MemorySegment s, long offset, float value) {
    s.set(SHORT, offset, Float.floatToFloat16(value));
  }

  /** The upper half of an IEEE 754 binary32. */
  public static float bf16(MemorySegment s, long offset) {
    return Float.intBitsToFloat(s.get(SHORT, offset) << 16);
  }

  public static void bf16(MemorySegment s, long offset, float value) {
    s.set(SHORT, offset, (short) bf16Bits(value));
  }

  /** Rounds to nearest, ties to even; a NaN stays a (quiet) NaN. */
  public static int bf16Bits(float value) {
    int bits = Float.floatToRawIntBits(value);
    if ((bits & 0x7FFF_FFFF) > 0x7F80_0000) {
      return (bits >>> 16) | 64;
    }
    return (bits + (0x7FFF + ((bits >>> 16) & 1))) >>> 16;
  }
}
