package io.foregate.quant.format;

import io.foregate.gguf.GgmlType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What a type's blocks become where a device reads them: the numbers of ggml's blocks, sorted into
 * planes. A plane has a part of every block, block after block, without a gap; each begins at a
 * multiple of four bytes. The same rules for all types:
 *
 * <ul>
 *   <li>Codes of 8, 4 or 2 bits are in the low plane, one after the other; of others it has the low
 *       4 or 2 bits, and the high plane the rest.
 *   <li>A sub-block's scale and minimum that take a byte together stay one. Else there are the low
 *       4 bits of all scales and then all minima, and then their upper bits.
 *   <li>Factors are as in the block. They go to what the last word of scales leaves free, if they
 *       fit there, else to a plane of their own.
 * </ul>
 *
 * @param scales places of the raw scales and then minima of a block, among its scale words
 * @param scaleBytes that they take
 */
public record PlaneShape(
    BlockFormat format, int lowBits, int highBits, List<BitPlane> scales, int scaleBytes) {
  /** Rows are whole numbers of so many weights. */
  public static final int UNIT = 32;

  /** The types whose blocks can be laid out in planes. */
  public static final Set<GgmlType> TYPES =
      Collections.unmodifiableSet(
          EnumSet.of(
              GgmlType.Q4_0,
              GgmlType.Q8_0,
              GgmlType.Q2_K,
              GgmlType.Q3_K,
              GgmlType.Q4_K,
              GgmlType.Q5_K,
              GgmlType.Q6_K,
              GgmlType.IQ4_NL,
              GgmlType.IQ4_XS,
              GgmlType.MXFP4));

  /** Bits of a scale or minimum that are not among the upper ones. */
  private static final int NIBBLE = 4;

  /** By the types' ordinals; null where there is none. */
  private static final PlaneShape[] BY_TYPE = new PlaneShape[GgmlType.values().length];

  static {
    TYPES.forEach(type -> BY_TYPE[type.ordinal()] = make(BlockFormat.of(type)));
  }

  /**
   * A bit's way.
   *
   * @param from its number among those of a block's scale words
   * @param to its number in ggml's block
   */
  public record BitMove(int from, int to) {}

  /**
   * The shape of a type. Allocates nothing.
   *
   * @throws IllegalArgumentException for a type that has none
   */
  public static PlaneShape of(GgmlType type) {
    PlaneShape shape = BY_TYPE[type.ordinal()];
    if (shape == null) {
      throw new IllegalArgumentException("no planes for blocks of type " + type);
    }
    return shape;
  }

  private static PlaneShape make(BlockFormat format) {
    PackedIntegers codes = format.elementCodes().orElseThrow();
    int low = Integer.highestOneBit(codes.bits());
    int scaleBits = format.scales().codes().bits();
    int minimumBits = format.minima().map(minima -> minima.codes().bits()).orElse(0);
    int subs = format.subBlocks();
    return new PlaneShape(
        format,
        low,
        codes.bits() - low,
        scales(subs, scaleBits, minimumBits),
        subs * (scaleBits + minimumBits) / Byte.SIZE);
  }

  private static List<BitPlane> scales(int subs, int scaleBits, int minimumBits) {
    if (scaleBits + minimumBits == 0) {
      return List.of();
    }
    if (scaleBits + minimumBits == Byte.SIZE) {
      BitPlane scales = BitPlane.strided(scaleBits, 0, Byte.SIZE, subs);
      return minimumBits == 0
          ? List.of(scales)
          : List.of(scales, BitPlane.strided(minimumBits, scaleBits, Byte.SIZE, subs).from(subs));
    }
    int count = minimumBits > 0 ? 2 * subs : subs;
    BitPlane low = BitPlane.dense(NIBBLE, 0, count);
    return scaleBits == NIBBLE
        ? List.of(low)
        : List.of(
            low,
            BitPlane.dense(scaleBits - NIBBLE, count * NIBBLE / Byte.SIZE, count).above(NIBBLE));
  }

  /** Units of a block. */
  public int blockUnits() {
    return format.type().blockSize() / UNIT;
  }

  /** Bytes of a block in the low plane. */
  public int lowBytes() {
    return format.type().blockSize() * lowBits / Byte.SIZE;
  }

  /** Bytes of a block in the high plane. */
  public int highBytes() {
    return format.type().blockSize() * highBits / Byte.SIZE;
  }

  /** Words of a block in the plane of scales. */
  public int scaleWords() {
    return Math.ceilDiv(scaleBytes, Integer.BYTES);
  }

  /** Bytes of a block in the plane of scales. */
  public int scalePlaneBytes() {
    return Integer.BYTES * scaleWords();
  }

  /** Whether factors are among the words of scales: its last bytes. */
  public boolean factorsAmongScales() {
    return scaleBytes + blockFactorBytes() <= scalePlaneBytes();
  }

  /** Bytes of a block in the plane of factors. */
  public int factorBytes() {
    return factorsAmongScales() ? 0 : blockFactorBytes();
  }

  /** Bytes of a block's factors. */
  public int blockFactorBytes() {
    BlockFactor minima = format.minima().map(Scaling::factor).orElse(null);
    return format.scales().factor().bytes() + (minima == null ? 0 : minima.bytes());
  }

  /** Where in a block its factors begin; that of the minima follows. */
  public int blockFactorOffset() {
    return format.scales().factor().offset();
  }

  /** Where the high plane of so many blocks begins, in bytes from the first plane. */
  public long highAt(long blocks) {
    return blocks * lowBytes();
  }

  /** Where the plane of scales begins. */
  public long scaleAt(long blocks) {
    return highAt(blocks) + blocks * highBytes();
  }

  /** Where the plane of factors begins. */
  public long factorAt(long blocks) {
    return scaleAt(blocks) + blocks * scalePlaneBytes();
  }

  /** Bytes of all planes, a multiple of four. */
  public long bytes(long blocks) {
    long bytes = factorAt(blocks) + blocks * factorBytes();
    return Math.ceilDiv(bytes, Integer.BYTES) * Integer.BYTES;
  }

  /**
   * Whether a block's parts, one behind the other, are a {@linkplain #block block} of a kind: codes
   * in one plane, and their factors behind all scales.
   */
  public boolean isBlock() {
    return format.type().blockSize() == UnpackedBlock.MAX_BLOCK
        && highBits == 0
        && scaleWords() > 0
        && !factorsAmongScales()
        && lowBytes() + scalePlaneBytes() + factorBytes() == format.type().blockBytes();
  }

  /**
   * Which element of every 16 has the {@code i}-th code where codes are taken four at a time, of
   * the same place in neighbouring bytes.
   */
  public int element(int i) {
    int perByte = Byte.SIZE / lowBits;
    int four = i / 4;
    return (four / perByte * 4 + i % 4) * perByte + four % perByte;
  }

  /**
   * A block's parts in the low plane, the plane of scales and that of factors, one behind the
   * other, as a format: its elements are in the order of {@link #element}.
   */
  public BlockFormat block() {
    if (!isBlock()) {
      throw new IllegalArgumentException("parts of " + format.type() + " are no block");
    }
    int[] places = new int[format.type().blockSize()];
    for (int i = 0; i < places.length; i++) {
      places[i] = lowBits * (i / 16 * 16 + element(i % 16));
    }
    PackedIntegers own = format.elementCodes().orElseThrow();
    var codes = with(own, List.of(BitPlane.at(lowBits, places)));
    int factorAt = lowBytes() + scalePlaneBytes();
    return new BlockFormat(
        format.type(),
        new ElementCodes.Linear(codes),
        format.sub(),
        behind(format.scales(), 0, factorAt),
        format.minima().map(minima -> behind(minima, format.subBlocks(), factorAt + Short.BYTES)),
        format.use());
  }

  /**
   * @param first number of the first among the integers of the scale words
   */
  private Scaling behind(Scaling scaling, int first, int factorAt) {
    List<BitPlane> moved =
        scales.stream().map(p -> p.behind(Byte.SIZE * lowBytes()).earlier(first)).toList();
    return new Scaling(BlockFactor.f16(factorAt), with(scaling.codes(), moved), scaling.unit());
  }

  private static PackedIntegers with(PackedIntegers meaning, List<BitPlane> planes) {
    return new PackedIntegers(meaning.step(), meaning.flip(), meaning.least(), planes);
  }

  /** The way of every bit of a block's raw scales and minima, factors left out. */
  public List<BitMove> scaleMoves() {
    List<BitMove> moves = new ArrayList<>();
    if (!scales.isEmpty()) {
      addMoves(format.scales().codes(), 0, moves);
      format.minima().ifPresent(minima -> addMoves(minima.codes(), format.subBlocks(), moves));
    }
    return moves;
  }

  /**
   * @param first number of the first among the integers of the scale words
   */
  private void addMoves(PackedIntegers inBlock, int first, List<BitMove> moves) {
    PackedIntegers inPlane = PackedIntegers.unsigned(scales.toArray(BitPlane[]::new));
    for (int sub = 0; sub < format.subBlocks(); sub++) {
      int[] from = places(inPlane.fields(first + sub), inBlock.bits());
      int[] to = places(inBlock.fields(sub), inBlock.bits());
      for (int bit = 0; bit < from.length; bit++) {
        moves.add(new BitMove(from[bit], to[bit]));
      }
    }
  }

  /** Of each bit of an integer, where it stands. */
  private static int[] places(List<BitField> fields, int bits) {
    int[] places = new int[bits];
    for (BitField field : fields) {
      for (int i = 0; i < field.width(); i++) {
        places[field.to() + i] = field.place() + i;
      }
    }
    return places;
  }
}
