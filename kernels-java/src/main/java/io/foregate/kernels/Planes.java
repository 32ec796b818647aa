package io.foregate.kernels;

/**
 * The layout in which kernels read quantized weights: the numbers of ggml's blocks, sorted into
 * planes of 32-bit words.
 *
 * <p>A matrix of {@code rows * columns} weights is a row of <em>units</em> of 32 weights, row after
 * row. Its words are four planes, one after the other:
 *
 * <ol>
 *   <li><b>low</b>: {@link #lowWords} words per unit: the low 8, 4 or 2 bits of each code (16 for
 *       F16), weight 0 in the lowest bits of the first word;
 *   <li><b>high</b>: {@link #highWords} words per unit: the codes' further 1 or 2 bits, likewise;
 *   <li><b>scales</b>: {@link #scaleWords} words per 256 weights: the scales of K-quants'
 *       sub-blocks (and minima), see {@link UnitDot};
 *   <li><b>factors</b>: the blocks' factors, f16, two to a word: one per block of {@link
 *       #blockUnits} units, or two (factor, factor of the minima) where {@link #factors} is 2; of
 *       MXFP4, the units' exponents, four to a word.
 * </ol>
 *
 * <p>It takes as many bytes as ggml's blocks do, but for the last word: ggml's blocks of 34, 110 or
 * 210 bytes are no whole number of words, and a device reads words.
 *
 * <p>Types are named by their numbers in ggml's {@code enum ggml_type}, whose order says nothing.
 * What is constant here follows from the types' formats, to which a test holds it: kernels read
 * neither tables nor objects.
 */
public final class Planes {
  public static final int F32 = 0;
  public static final int F16 = 1;
  public static final int Q4_0 = 2;
  public static final int Q8_0 = 8;
  public static final int Q2_K = 10;
  public static final int Q3_K = 11;
  public static final int Q4_K = 12;
  public static final int Q5_K = 13;
  public static final int Q6_K = 14;
  public static final int IQ4_NL = 20;
  public static final int IQ4_XS = 23;
  public static final int MXFP4 = 39;

  /** Weights of a unit. */
  public static final int UNIT = 32;

  private Planes() {}

  /** Whether weights of this type can be laid out in planes. */
  public static boolean supports(int type) {
    return type == F16
        || type == Q4_0
        || type == Q8_0
        || type == Q2_K
        || type == Q3_K
        || type == Q4_K
        || type == Q5_K
        || type == Q6_K
        || isTable(type);
  }

  /** Whether codes stand for the values of a table, see {@link ValueTables}. */
  static boolean isTable(int type) {
    return type == IQ4_NL || type == IQ4_XS || type == MXFP4;
  }

  /** Words per unit of the low plane. */
  public static int lowWords(int type) {
    if (type == F16) {
      return 16;
    }
    if (type == Q8_0) {
      return 8;
    }
    return type == Q2_K || type == Q3_K ? 2 : 4;
  }

  /** Words per unit of the high plane. */
  public static int highWords(int type) {
    if (type == Q6_K) {
      return 2;
    }
    return type == Q3_K || type == Q5_K ? 1 : 0;
  }

  /** Words per 256 weights of the scale plane. */
  public static int scaleWords(int type) {
    if (type == Q2_K || type == Q6_K) {
      return 4;
    }
    if (type == IQ4_XS) {
      return 2;
    }
    return type == Q3_K || type == Q4_K || type == Q5_K ? 3 : 0;
  }

  /** F16 factors per block. */
  public static int factors(int type) {
    if (type == F16 || type == IQ4_XS || type == MXFP4) {
      return 0;
    }
    return type == Q2_K || type == Q4_K || type == Q5_K ? 2 : 1;
  }

  /** Bytes of a block's factors in the last plane. */
  public static int factorBytes(int type) {
    return type == MXFP4 ? 1 : 2 * factors(type);
  }

  /** Units of a block: 1 of the simple types, 8 of K-quants and IQ4_XS. */
  public static int blockUnits(int type) {
    return type == Q2_K
            || type == Q3_K
            || type == Q4_K
            || type == Q5_K
            || type == Q6_K
            || type == IQ4_XS
        ? 8
        : 1;
  }

  /** Where the high plane begins, in words from the matrix's first. */
  public static int highOffset(int type, int units) {
    return units * lowWords(type);
  }

  /** Where the scale plane begins, in words from the matrix's first. */
  public static int scaleOffset(int type, int units) {
    return units * (lowWords(type) + highWords(type));
  }

  /** Where the plane of F16 factors begins, in words from the matrix's first. */
  public static int factorOffset(int type, int units) {
    return scaleOffset(type, units) + units / 8 * scaleWords(type);
  }

  /** Words of a matrix of that many units. */
  public static int words(int type, int units) {
    int bytes = units / blockUnits(type) * factorBytes(type);
    return factorOffset(type, units) + (bytes + 3) / 4;
  }
}
