package io.foregate.quant.format;

import static io.foregate.quant.format.BitPlane.dense;
import static io.foregate.quant.format.BitPlane.runs;
import static io.foregate.quant.format.BitPlane.strided;
import static io.foregate.quant.format.BlockFactor.f16;
import static io.foregate.quant.format.BlockFactor.f16InWords;
import static io.foregate.quant.format.PackedIntegers.centred;
import static io.foregate.quant.format.PackedIntegers.constant;
import static io.foregate.quant.format.PackedIntegers.odd;
import static io.foregate.quant.format.PackedIntegers.signed;
import static io.foregate.quant.format.PackedIntegers.unsigned;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.BlockFactor.Encoding;
import io.foregate.quant.format.BlockFormat.Use;
import io.foregate.quant.format.ElementCodes.Linear;
import io.foregate.quant.format.ElementCodes.ShiftedGrid;
import io.foregate.quant.format.ElementCodes.SignedGrid;
import io.foregate.quant.format.ElementCodes.Table;
import io.foregate.quant.format.ElementCodes.Ternary;
import java.util.List;

/**
 * Every block format. Source: the structures in ggml's {@code src/ggml-common.h}, and {@code
 * dequantize_row_*} in {@code src/ggml-quants.c}.
 */
final class FormatTable {
  /** Six-bit scales of Q4_K and Q5_K: four in whole bytes, and four whose bits are spread. */
  private static final PackedIntegers K4_SCALES =
      unsigned(
          strided(6, 8 * 4, 8, 4),
          strided(4, 8 * 12, 8, 4).from(4),
          strided(2, 8 * 4 + 6, 8, 4).from(4).above(4));

  /** Their minima, in the same twelve bytes. */
  private static final PackedIntegers K4_MINIMA =
      unsigned(
          strided(6, 8 * 8, 8, 4),
          strided(4, 8 * 12 + 4, 8, 4).from(4),
          strided(2, 8 * 8 + 6, 8, 4).from(4).above(4));

  private static final List<BlockFormat> SIMPLE =
      List.of(
          BlockFormat.of(
              GgmlType.Q4_0, new Linear(centred(-8, runs(4, 2, 16, 32))), 32, Scaling.of(f16(0))),
          BlockFormat.of(
                  GgmlType.Q4_1, new Linear(unsigned(runs(4, 4, 16, 32))), 32, Scaling.of(f16(0)))
              .minus(Scaling.of(f16(2), constant(-1))),
          BlockFormat.of(
              GgmlType.Q5_0,
              new Linear(centred(-16, runs(4, 6, 16, 32), dense(1, 2, 32).above(4))),
              32,
              Scaling.of(f16(0))),
          BlockFormat.of(
                  GgmlType.Q5_1,
                  new Linear(unsigned(runs(4, 8, 16, 32), dense(1, 4, 32).above(4))),
                  32,
                  Scaling.of(f16(0)))
              .minus(Scaling.of(f16(2), constant(-1))),
          BlockFormat.of(
              GgmlType.Q8_0, new Linear(signed(dense(8, 2, 32))), 32, Scaling.of(f16(0))),
          BlockFormat.of(GgmlType.Q8_1, new Linear(signed(dense(8, 4, 32))), 32, Scaling.of(f16(0)))
              .use(Use.ACTIVATIONS));

  private static final List<BlockFormat> K_TYPES =
      List.of(
          BlockFormat.of(
                  GgmlType.Q2_K,
                  new Linear(unsigned(runs(2, 16, 32, 256))),
                  16,
                  Scaling.of(f16(80), unsigned(strided(4, 0, 8, 16))))
              .minus(Scaling.of(f16(82), unsigned(strided(4, 4, 8, 16)))),
          BlockFormat.of(
              GgmlType.Q3_K,
              new Linear(centred(-4, runs(2, 32, 32, 256), runs(1, 0, 32, 256).above(2))),
              16,
              Scaling.of(f16(108), centred(-32, runs(4, 96, 8, 16), runs(2, 104, 4, 16).above(4)))),
          BlockFormat.of(
                  GgmlType.Q4_K,
                  new Linear(unsigned(runs(4, 16, 32, 256))),
                  32,
                  Scaling.of(f16(0), K4_SCALES))
              .minus(Scaling.of(f16(2), K4_MINIMA)),
          BlockFormat.of(
                  GgmlType.Q5_K,
                  new Linear(unsigned(runs(4, 48, 32, 256), runs(1, 16, 32, 256).above(4))),
                  32,
                  Scaling.of(f16(0), K4_SCALES))
              .minus(Scaling.of(f16(2), K4_MINIMA)),
          BlockFormat.of(
              GgmlType.Q6_K,
              new Linear(centred(-32, runs(4, 0, 64, 256), runs(2, 128, 32, 256).above(4))),
              16,
              Scaling.of(f16(208), signed(dense(8, 192, 16)))),
          BlockFormat.of(
                  GgmlType.Q8_K,
                  new Linear(signed(dense(8, 4, 256))),
                  256,
                  Scaling.of(BlockFactor.at(Encoding.F32, 0)))
              .use(Use.ACTIVATIONS));

  private static final List<BlockFormat> TABLES =
      List.of(
          BlockFormat.of(
              GgmlType.MXFP4,
              new Table(unsigned(runs(4, 1, 16, 32)), Codebook.MXFP4),
              32,
              Scaling.of(BlockFactor.at(Encoding.E8M0, 0))),
          BlockFormat.of(
              GgmlType.IQ4_NL,
              new Table(unsigned(runs(4, 2, 16, 32)), Codebook.IQ4),
              32,
              Scaling.of(f16(0))),
          BlockFormat.of(
              GgmlType.IQ4_XS,
              new Table(unsigned(runs(4, 8, 16, 256)), Codebook.IQ4),
              32,
              Scaling.of(f16(0), centred(-32, dense(4, 4, 8), dense(2, 2, 8).above(4)))));

  private static final List<BlockFormat> GRIDS =
      List.of(
          BlockFormat.of(
              GgmlType.IQ3_S,
              new SignedGrid(
                  unsigned(dense(8, 2, 64), dense(1, 66, 64).above(8)),
                  Codebook.IQ3_S,
                  unsigned(dense(8, 74, 32)),
                  false),
              32,
              Scaling.of(f16(0), odd(dense(4, 106, 8)))),
          BlockFormat.of(
              GgmlType.IQ3_XXS,
              new SignedGrid(
                  unsigned(dense(8, 2, 64)),
                  Codebook.IQ3_XXS,
                  unsigned(strided(7, 8 * 66, 7, 4).times(8, 32)),
                  true),
              32,
              new Scaling(f16(0), odd(strided(4, 8 * 66 + 28, 32, 8)), 0.25f)),
          BlockFormat.of(
              GgmlType.IQ2_S,
              new SignedGrid(
                  unsigned(dense(8, 2, 32), dense(2, 66, 32).above(8)),
                  Codebook.IQ2_S,
                  unsigned(dense(8, 34, 32)),
                  false),
              16,
              new Scaling(f16(0), odd(dense(4, 74, 16)), 0.125f)),
          BlockFormat.of(
              GgmlType.IQ2_XS,
              new SignedGrid(
                  unsigned(strided(9, 8 * 2, 16, 32)),
                  Codebook.IQ2_XS,
                  unsigned(strided(7, 8 * 2 + 9, 16, 32)),
                  true),
              16,
              new Scaling(f16(0), odd(dense(4, 66, 16)), 0.125f)),
          BlockFormat.of(
              GgmlType.IQ2_XXS,
              new SignedGrid(
                  unsigned(strided(8, 8 * 2, 8, 4).times(8, 64)),
                  Codebook.IQ2_XXS,
                  unsigned(strided(7, 8 * 6, 7, 4).times(8, 64)),
                  true),
              32,
              new Scaling(f16(0), odd(strided(4, 8 * 6 + 28, 64, 8)), 0.125f)),
          BlockFormat.of(
              GgmlType.IQ1_S,
              new ShiftedGrid(
                  unsigned(dense(8, 2, 32), strided(3, 8 * 34, 3, 4).times(8, 16).above(8)),
                  Codebook.IQ1,
                  unsigned(strided(1, 8 * 34 + 15, 16, 8)),
                  32),
              32,
              new Scaling(f16(0), odd(strided(3, 8 * 34 + 12, 16, 8)), 0.125f)),
          BlockFormat.of(
              GgmlType.IQ1_M,
              new ShiftedGrid(
                  unsigned(dense(8, 0, 32), strided(3, 8 * 32, 4, 32).above(8)),
                  Codebook.IQ1,
                  unsigned(strided(1, 8 * 32 + 3, 4, 32)),
                  8),
              16,
              new Scaling(f16InWords(48), odd(strided(3, 8 * 48, 3, 4).times(4, 16)), 0.125f)));

  private static final List<BlockFormat> TERNARY =
      List.of(
          BlockFormat.of(GgmlType.TQ1_0, new Ternary(), 32, Scaling.of(f16(52))),
          BlockFormat.of(
              GgmlType.TQ2_0,
              new Linear(centred(-1, runs(2, 0, 32, 256))),
              32,
              Scaling.of(f16(64))));

  /** By the types' ordinals; null where there is none. */
  static final BlockFormat[] BY_TYPE = new BlockFormat[GgmlType.values().length];

  static {
    List.of(SIMPLE, K_TYPES, TABLES).forEach(formats -> formats.forEach(FormatTable::enter));
    GRIDS.forEach(format -> enter(format.use(Use.READ)));
    TERNARY.forEach(format -> enter(format.use(Use.READ)));
  }

  private FormatTable() {}

  private static void enter(BlockFormat format) {
    BY_TYPE[format.type().ordinal()] = format;
  }
}
