package io.foregate.quant.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.PlaneShape.BitMove;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Makes ggml's blocks out of planes, eight bytes at a time, by tables that follow from a type's
 * {@link PlaneShape}: {@link PlanePacker} does the same an integer at a time. Immutable.
 */
public final class PlaneRows {
  /** By the types' ordinals; null where there is none. */
  private static final PlaneRows[] BY_TYPE = new PlaneRows[GgmlType.values().length];

  static {
    for (GgmlType type : PlaneShape.TYPES) {
      BY_TYPE[type.ordinal()] = new PlaneRows(PlaneShape.of(type));
    }
  }

  private final PlaneShape shape;
  private final CodeWords low;

  /** Null where there is no such plane. */
  private final CodeWords high;

  private final BitGroup[] scales;

  /** Where in a block the scales begin. */
  private final int scalesTo;

  /** Bytes from there to behind the last. */
  private final int scaleBytes;

  private PlaneRows(PlaneShape shape) {
    this.shape = shape;
    List<BitPlane> planes = shape.format().elementCodes().orElseThrow().planes();
    this.low = new CodeWords(planes.getFirst(), shape.lowBits());
    this.high = planes.size() > 1 ? new CodeWords(planes.get(1), shape.highBits()) : null;
    List<BitMove> moves = shape.scaleMoves();
    this.scalesTo = moves.stream().mapToInt(move -> move.to() / 8).min().orElse(0);
    int end = moves.stream().mapToInt(move -> move.to() / 8 + 1).max().orElse(0);
    this.scaleBytes = end - scalesTo;
    this.scales = BitGroup.of(moves, scalesTo);
  }

  /**
   * Writes blocks that follow each other. Allocates nothing.
   *
   * @param planes of a matrix, from its first byte on
   * @param blocks of the whole matrix
   * @param first the first one's number in the matrix
   * @param count how many
   * @param out for so many blocks, or more
   * @throws IllegalArgumentException for a type that has no planes
   * @throws IndexOutOfBoundsException if the matrix has no such blocks, or a memory is too small
   */
  public static void read(
      GgmlType type, MemorySegment planes, long blocks, long first, int count, MemorySegment out) {
    PlaneRows rows = BY_TYPE[PlaneShape.of(type).format().type().ordinal()];
    Objects.checkFromIndexSize(first, count, blocks);
    int blockBytes = type.blockBytes();
    for (int i = 0; i < count; i++) {
      rows.block(planes, blocks, first + i, out, (long) i * blockBytes);
    }
  }

  /** What is written first may go beyond its place, to where something else is written later. */
  private void block(MemorySegment in, long blocks, long block, MemorySegment out, long to) {
    if (scaleBytes > 0) {
      scales(in, shape.scaleAt(blocks) + block * shape.scalePlaneBytes(), out, to + scalesTo);
    }
    factors(in, blocks, block, out, to);
    low.write(in, block * shape.lowBytes(), out, to);
    if (high != null) {
      high.write(in, shape.highAt(blocks) + block * shape.highBytes(), out, to);
    }
  }

  private void scales(MemorySegment in, long at, MemorySegment out, long to) {
    int words = shape.scaleWords();
    long first = in.get(LittleEndian.LONG, at);
    long second =
        switch (words) {
          case 2 -> 0;
          case 3 -> in.get(LittleEndian.INT, at + 8) & 0xFFFF_FFFFL;
          default -> in.get(LittleEndian.LONG, at + 8);
        };
    long low = 0;
    long high = 0;
    for (BitGroup group : scales) {
      long bits = group.moved(group.from() == 0 ? first : second);
      if (group.to() == 0) {
        low |= bits;
      } else {
        high |= bits;
      }
    }
    out.set(LittleEndian.LONG, to, low);
    if (scaleBytes > 12) {
      out.set(LittleEndian.LONG, to + 8, high);
    } else if (scaleBytes > 8) {
      out.set(LittleEndian.INT, to + 8, (int) high);
    }
  }

  private void factors(MemorySegment in, long blocks, long block, MemorySegment out, long to) {
    int bytes = shape.blockFactorBytes();
    long at =
        shape.factorsAmongScales()
            ? shape.scaleAt(blocks) + (block + 1) * shape.scalePlaneBytes() - bytes
            : shape.factorAt(blocks) + block * bytes;
    for (int i = 0; i < bytes; i++) {
      out.set(JAVA_BYTE, to + shape.blockFactorOffset() + i, in.get(JAVA_BYTE, at + i));
    }
  }

  /**
   * Bits of scales that move equally far.
   *
   * @param from which eight bytes of the scale words they are in
   * @param to likewise of the block's scales
   * @param right how far they move; negative to the left
   * @param mask of them where they come to
   */
  private record BitGroup(int from, int to, int right, long mask) {
    static BitGroup[] of(List<BitMove> moves, int scalesTo) {
      Map<List<Integer>, Long> masks = new LinkedHashMap<>();
      for (BitMove move : moves) {
        int to = move.to() - 8 * scalesTo;
        masks.merge(
            List.of(move.from() / 64, to / 64, move.from() % 64 - to % 64),
            1L << (to % 64),
            (a, b) -> a | b);
      }
      List<BitGroup> groups = new ArrayList<>();
      masks.forEach(
          (key, mask) -> groups.add(new BitGroup(key.get(0), key.get(1), key.get(2), mask)));
      return groups.toArray(BitGroup[]::new);
    }

    long moved(long word) {
      return (right < 0 ? word << -right : word >>> right) & mask;
    }
  }

  /**
   * One plane of codes: of each eight bytes of the block where they are, in which bits of the plane
   * what they hold lies. As neighbouring codes are in neighbouring bytes, that are {@code 8 *
   * width} neighbouring bits for each place in a byte.
   */
  private static final class CodeWords {
    private final int width;

    /** Where in the block its bytes begin. */
    private final int to;

    /** Per eight bytes and place in a byte, from the lowest on: the first byte in the plane. */
    private final int[][] from;

    CodeWords(BitPlane inBlock, int width) {
      if (inBlock.width() != width) {
        throw new IllegalArgumentException("codes of %d bits".formatted(inBlock.width()));
      }
      int[] places = inBlock.places();
      this.width = width;
      this.to = places[0] / 8;
      this.from = new int[places.length * width / 64][8 / width];
      for (int i = 0; i < places.length; i += 8) {
        for (int j = 1; j < 8; j++) {
          if (places[i + j] != places[i] + 8 * j) {
            throw new IllegalArgumentException("code %d is not beside its neighbour".formatted(i));
          }
        }
        from[(places[i] / 8 - to) / 8][places[i] % 8 / width] = i * width / 8;
      }
    }

    void write(MemorySegment in, long at, MemorySegment out, long block) {
      for (int word = 0; word < from.length; word++) {
        int[] parts = from[word];
        long all = 0;
        for (int part = 0; part < parts.length; part++) {
          all |= spread(in, at + parts[part]) << (part * width);
        }
        out.set(LittleEndian.LONG, block + to + 8L * word, all);
      }
    }

    /** Eight codes, one to a byte. */
    private long spread(MemorySegment in, long at) {
      return switch (width) {
        case 1 -> {
          long x = in.get(JAVA_BYTE, at) & 0xFFL;
          x = (x | (x << 28)) & 0x0000_000F_0000_000FL;
          x = (x | (x << 14)) & 0x0003_0003_0003_0003L;
          yield (x | (x << 7)) & 0x0101_0101_0101_0101L;
        }
        case 2 -> {
          long x = in.get(LittleEndian.SHORT, at) & 0xFFFFL;
          x = (x | (x << 24)) & 0x0000_00FF_0000_00FFL;
          x = (x | (x << 12)) & 0x000F_000F_000F_000FL;
          yield (x | (x << 6)) & 0x0303_0303_0303_0303L;
        }
        case 4 -> {
          long x = in.get(LittleEndian.INT, at) & 0xFFFF_FFFFL;
          x = (x | (x << 16)) & 0x0000_FFFF_0000_FFFFL;
          x = (x | (x << 8)) & 0x00FF_00FF_00FF_00FFL;
          yield (x | (x << 4)) & 0x0F0F_0F0F_0F0F_0F0FL;
        }
        default -> in.get(LittleEndian.LONG, at);
      };
    }
  }
}
