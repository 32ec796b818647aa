package io.foregate.quant.vector;

import static io.foregate.quant.vector.Lanes.B;
import static io.foregate.quant.vector.Lanes.F;
import static io.foregate.quant.vector.Lanes.S;

import io.foregate.quant.format.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Loads from native memory by address, for loops too short to pay for range checks.
 *
 * <p>A model's rows are often 8 blocks long, and C2 spends more time on setting up the range checks
 * of such a loop over a {@link MemorySegment} than on the loop. Here the whole range is checked
 * once per kernel call, by {@link #address}, and the loads go through one segment that spans the
 * address space: {@link #at} bounds the address for the compiler, which then proves every check
 * away.
 */
final class Native {
  @SuppressWarnings("restricted")
  static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  /** User-space addresses of every 64-bit system that Java runs on are shorter than this. */
  private static final long ADDRESS_BITS = (1L << 56) - 1;

  static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private Native() {}

  /**
   * The address of {@code segment[offset]}, from which {@code bytes} bytes may be read as long as
   * the segment lives. The caller keeps it alive during the call.
   *
   * @throws IndexOutOfBoundsException if they are not inside the segment
   * @throws IllegalStateException if the segment has been closed, or belongs to another thread
   */
  static long address(MemorySegment segment, long offset, long bytes) {
    Objects.checkFromIndexSize(offset, bytes, segment.byteSize());
    if (!segment.scope().isAlive() || !segment.isAccessibleBy(Thread.currentThread())) {
      throw new IllegalStateException("the weights' memory has been closed");
    }
    return segment.address() + offset;
  }

  static long at(long address) {
    return address & ADDRESS_BITS;
  }

  /** {@code at} is a result of {@link #at} plus a small constant, here and below. */
  static float f16(long at) {
    return Float.float16ToFloat(MEMORY.get(LittleEndian.SHORT, at));
  }

  static int u8(long at) {
    return MEMORY.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
  }

  static int i32(long at) {
    return MEMORY.get(LittleEndian.INT, at);
  }

  static long i64(long at) {
    return MEMORY.get(LittleEndian.LONG, at);
  }

  static float f32(long at) {
    return MEMORY.get(LittleEndian.FLOAT, at);
  }

  static float bf16(long at) {
    return Float.intBitsToFloat(MEMORY.get(LittleEndian.SHORT, at) << 16);
  }

  /**
   * Makes the virtual machine expect that a vector's memory is not there, as after a mapped model
   * was cut: it reports that as an error only in compiled methods with a plain access, and ends at
   * once where there are vectors alone. Nothing uses what is read, so the compiler leaves it out.
   */
  private static void mayFault(long at) {
    byte _ = MEMORY.get(ValueLayout.JAVA_BYTE, at);
  }

  /** Signed bytes as shorts. */
  static ShortVector signedBytes(long at) {
    mayFault(at);
    return (ShortVector)
        ByteVector.fromMemorySegment(B, MEMORY, at, ORDER).convertShape(VectorOperators.B2S, S, 0);
  }

  /** Unsigned bytes as shorts. */
  static ShortVector unsignedBytes(long at) {
    mayFault(at);
    return (ShortVector)
        ByteVector.fromMemorySegment(B, MEMORY, at, ORDER)
            .convertShape(VectorOperators.ZERO_EXTEND_B2S, S, 0);
  }

  /** Signed bytes as floats. */
  static FloatVector byteFloats(long at) {
    mayFault(at);
    return (FloatVector)
        ByteVector.fromMemorySegment(B, MEMORY, at, ORDER).convertShape(VectorOperators.B2F, F, 0);
  }

  /** Eight ints. */
  static IntVector ints(long at) {
    mayFault(at);
    return IntVector.fromMemorySegment(IntVector.SPECIES_256, MEMORY, at, ORDER);
  }

  /** Eight signed bytes as ints. */
  static IntVector eightBytes(long at) {
    mayFault(at);
    return (IntVector)
        ByteVector.fromMemorySegment(ByteVector.SPECIES_64, MEMORY, at, ORDER)
            .convertShape(VectorOperators.B2I, IntVector.SPECIES_256, 0);
  }

  static FloatVector floats(long at) {
    mayFault(at);
    return FloatVector.fromMemorySegment(F, MEMORY, at, ORDER);
  }

  static FloatVector bf16s(long at) {
    mayFault(at);
    IntVector bits =
        (IntVector)
            ShortVector.fromMemorySegment(S, MEMORY, at, ORDER)
                .convertShape(VectorOperators.S2I, Lanes.I, 0);
    return bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }

  /**
   * F16 to float, exactly: shifted into place, an f16's exponent is 112 too small, which one
   * multiplication mends for normal and subnormal numbers alike; infinities and NaNs get their
   * exponent back by hand.
   */
  static FloatVector f16Lanes(long at) {
    mayFault(at);
    IntVector bits =
        (IntVector)
            ShortVector.fromMemorySegment(S, MEMORY, at, ORDER)
                .convertShape(VectorOperators.S2I, Lanes.I, 0);
    IntVector shifted = bits.lanewise(VectorOperators.LSHL, 13).and(0x8FFF_E000);
    IntVector scaled = shifted.reinterpretAsFloats().mul(0x1p112f).reinterpretAsInts();
    var special = bits.and(0x7C00).compare(VectorOperators.EQ, 0x7C00);
    return scaled.lanewise(VectorOperators.OR, 0x7F80_0000, special).reinterpretAsFloats();
  }
}
