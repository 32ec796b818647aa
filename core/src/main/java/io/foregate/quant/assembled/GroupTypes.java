package io.foregate.quant.assembled;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.Codebook;
import java.util.Map;
import java.util.function.Supplier;

/** The types whose products take rows in groups: those with blocks of 32. */
final class GroupTypes {
  private static final RowFactors FIRST = RowFactors.f16(0);
  private static final RowFactors SECOND = RowFactors.f16(2);

  /** What writes their code: it holds registers meanwhile, so each function needs a new one. */
  static final Map<GgmlType, Supplier<Blocks32>> ALL =
      Map.ofEntries(
          Map.entry(GgmlType.Q8_0, () -> new Blocks32(34, new ByteCodes(2), FIRST)),
          Map.entry(GgmlType.Q4_0, () -> new Blocks32(18, new NibbleCodes(2, 8), FIRST)),
          Map.entry(GgmlType.Q4_1, () -> new Blocks32(20, new NibbleCodes(4, 0), FIRST, SECOND)),
          Map.entry(GgmlType.Q5_0, () -> new Blocks32(22, new FiveBitCodes(2, 16), FIRST)),
          Map.entry(GgmlType.Q5_1, () -> new Blocks32(24, new FiveBitCodes(4, 0), FIRST, SECOND)),
          Map.entry(
              GgmlType.IQ4_NL, () -> new Blocks32(18, new TableCodes(2, Codebook.IQ4), FIRST)),
          Map.entry(
              GgmlType.MXFP4,
              () -> new Blocks32(17, new TableCodes(1, Codebook.MXFP4), new HalfPowers())));

  private GroupTypes() {}
}
