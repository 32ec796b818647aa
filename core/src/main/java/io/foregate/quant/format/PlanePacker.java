package io.foregate.quant.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.foregate.gguf.GgmlType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;

/**
 * Sorts ggml's blocks into planes, and back, as their {@link PlaneShape} says. Bits move, and none
 * is lost: what comes back is what went in. {@link PlaneRows} does the second faster. Mutable
 * scratch, one per thread.
 */
public final class PlanePacker {
  private final GgmlType type;
  private final long bytes;

  /** Null for F16, whose one plane is the rows themselves. */
  private final Blocks blocks;

  /**
   * @param type a type that planes support
   * @param rows of the matrix
   * @param columns of the matrix, a multiple of {@link PlaneShape#UNIT}
   */
  public PlanePacker(GgmlType type, int rows, int columns) {
    if (!holds(type, columns)) {
      throw new IllegalArgumentException(
          "no planes for rows of %d weights of type %s".formatted(columns, type));
    }
    this.type = type;
    if (type == GgmlType.F16) {
      this.bytes = rows * type.byteSize(columns);
      this.blocks = null;
    } else {
      PlaneShape shape = PlaneShape.of(type);
      this.blocks = new Blocks(shape, Math.multiplyExact(rows, columns / type.blockSize()));
      this.bytes = shape.bytes(blocks.count);
    }
  }

  /** Whether there are planes for rows of so many weights of a type. */
  public static boolean holds(GgmlType type, int columns) {
    return (type == GgmlType.F16 || PlaneShape.TYPES.contains(type))
        && columns % PlaneShape.UNIT == 0;
  }

  /** Bytes of the planes. */
  public long bytes() {
    return bytes;
  }

  /**
   * Writes a matrix's planes to {@code out} from {@code at} on.
   *
   * @param in its blocks, row after row
   */
  public void pack(MemorySegment in, MemorySegment out, long at) {
    if (blocks == null) {
      MemorySegment.copy(in, 0, out, at, bytes);
      return;
    }
    out.asSlice(at, bytes).fill((byte) 0);
    for (int block = 0; block < blocks.count; block++) {
      blocks.pack(in, (long) block * type.blockBytes(), out, at, block);
    }
  }

  /** Writes the ggml blocks of planes that begin at {@code at}. */
  public void unpack(MemorySegment in, long at, MemorySegment out) {
    if (blocks == null) {
      MemorySegment.copy(in, at, out, 0, bytes);
      return;
    }
    for (int block = 0; block < blocks.count; block++) {
      blocks.unpack(in, at, block, out, (long) block * type.blockBytes());
    }
  }

  /** One block after the other, and where its parts are in the planes. */
  private static final class Blocks {
    private final PlaneShape shape;
    private final PackedIntegers elements;
    private final Scaling scales;
    private final Optional<Scaling> minima;
    private final int size;
    private final int subs;
    private final int count;
    private final BitPlane lowPlane;
    private final BitPlane highPlane;
    private final byte[] block;
    private final byte[] low;
    private final byte[] high;
    private final byte[] scale;
    private final int[] codes;

    /** Of scales and then minima. */
    private final int[] raw;

    private final long highAt;
    private final long scaleAt;
    private final long factorAt;

    Blocks(PlaneShape shape, int count) {
      GgmlType type = shape.format().type();
      this.shape = shape;
      this.elements = shape.format().elementCodes().orElseThrow();
      this.scales = shape.format().scales();
      this.minima = shape.format().minima();
      this.size = type.blockSize();
      this.subs = shape.format().subBlocks();
      this.count = count;
      this.lowPlane = BitPlane.dense(shape.lowBits(), 0, size);
      this.highPlane =
          shape.highBits() == 0
              ? null
              : BitPlane.dense(shape.highBits(), 0, size).above(shape.lowBits());
      this.block = new byte[type.blockBytes() + BitPlane.PADDING];
      this.low = new byte[shape.lowBytes()];
      this.high = new byte[shape.highBytes()];
      this.scale = new byte[shape.scalePlaneBytes()];
      this.codes = new int[size];
      this.raw = new int[2 * subs];
      this.highAt = shape.highAt(count);
      this.scaleAt = shape.scaleAt(count);
      this.factorAt = shape.factorAt(count);
    }

    void pack(MemorySegment in, long from, MemorySegment out, long at, int index) {
      MemorySegment.copy(in, JAVA_BYTE, from, block, 0, shape.format().type().blockBytes());
      elements.read(block, codes, 0, size);
      Arrays.fill(low, (byte) 0);
      lowPlane.write(codes, 0, low);
      put(low, out, at, index);
      if (highPlane != null) {
        Arrays.fill(high, (byte) 0);
        highPlane.write(codes, 0, high);
        put(high, out, at + highAt, index);
      }
      if (scale.length > 0) {
        packScales();
        put(scale, out, at + scaleAt, index);
      }
      int factors = shape.factorBytes();
      MemorySegment.copy(
          block,
          shape.blockFactorOffset(),
          out,
          JAVA_BYTE,
          at + factorAt + (long) index * factors,
          factors);
    }

    private void packScales() {
      Arrays.fill(scale, (byte) 0);
      scales.codes().read(block, raw, 0, subs);
      if (minima.isPresent()) {
        minima.get().codes().read(block, raw, subs, subs);
      }
      for (BitPlane plane : shape.scales()) {
        plane.write(raw, 0, scale);
      }
      if (shape.factorsAmongScales()) {
        int bytes = shape.blockFactorBytes();
        System.arraycopy(block, shape.blockFactorOffset(), scale, scale.length - bytes, bytes);
      }
    }

    void unpack(MemorySegment in, long at, int index, MemorySegment out, long to) {
      Arrays.fill(block, (byte) 0);
      Arrays.fill(codes, 0);
      get(in, at, index, low);
      lowPlane.read(low, codes, 0);
      if (highPlane != null) {
        get(in, at + highAt, index, high);
        highPlane.read(high, codes, 0);
      }
      elements.write(codes, 0, block);
      if (scale.length > 0) {
        get(in, at + scaleAt, index, scale);
        unpackScales();
      }
      int factors = shape.factorBytes();
      MemorySegment.copy(
          in,
          JAVA_BYTE,
          at + factorAt + (long) index * factors,
          block,
          shape.blockFactorOffset(),
          factors);
      MemorySegment.copy(block, 0, out, JAVA_BYTE, to, shape.format().type().blockBytes());
    }

    private void unpackScales() {
      Arrays.fill(raw, 0);
      for (BitPlane plane : shape.scales()) {
        plane.read(scale, raw, 0);
      }
      scales.codes().write(raw, 0, block);
      if (minima.isPresent()) {
        minima.get().codes().write(raw, subs, block);
      }
      if (shape.factorsAmongScales()) {
        int bytes = shape.blockFactorBytes();
        System.arraycopy(scale, scale.length - bytes, block, shape.blockFactorOffset(), bytes);
      }
    }

    private static void put(byte[] part, MemorySegment out, long plane, int index) {
      long at = plane + (long) index * part.length;
      MemorySegment.copy(part, 0, out, JAVA_BYTE, at, part.length);
    }

    private static void get(MemorySegment in, long plane, int index, byte[] part) {
      MemorySegment.copy(in, JAVA_BYTE, plane + (long) index * part.length, part, 0, part.length);
    }
  }
}
