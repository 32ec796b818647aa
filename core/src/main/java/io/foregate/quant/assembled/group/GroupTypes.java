package io.foregate.quant.assembled.group;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.assembled.function.InstructionSet;
import io.foregate.quant.format.Codebook;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** The types whose products take rows in groups: those with blocks of 32. */
public final class GroupTypes {
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

  /** All of them. */
  public static Set<GgmlType> all() {
    return ALL.keySet();
  }

  /** Writes the product of rows as they are with so many tokens. */
  public static byte[] code(InstructionSet set, GgmlType type, int tokens) {
    return GroupFrame.write(set, blocks(type), tokens);
  }

  /** Writes the product of rows that were unpacked with so many tokens. */
  public static byte[] panelCode(InstructionSet set, GgmlType type, int tokens) {
    return GroupFrame.writeUnpacked(set, blocks(type), tokens);
  }

  /** Writes what unpacks rows into a panel. */
  public static byte[] unpackingCode(InstructionSet set, GgmlType type) {
    return GroupFrame.writeUnpacking(set, blocks(type));
  }

  /** Bytes of a group's blocks in a panel. */
  public static int panelBytes(InstructionSet set, GgmlType type) {
    return blocks(type).panelBytes(set);
  }

  /** Rows of a group, which is complete in every panel. */
  public static int rows(InstructionSet set) {
    return set.bits() / 32;
  }

  private static Blocks32 blocks(GgmlType type) {
    return ALL.get(type).get();
  }
}
