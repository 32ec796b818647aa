package io.foregate.quant.assembled.lane;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.assembled.function.InstructionSet;
import io.foregate.quant.format.BlockFormat;
import io.foregate.quant.format.PlaneShape;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** The types whose products have sub-blocks in lanes: those with blocks of 256. */
public final class LaneTypes {
  private static final Set<GgmlType> ALL =
      Collections.unmodifiableSet(
          EnumSet.of(
              GgmlType.Q2_K,
              GgmlType.Q3_K,
              GgmlType.Q4_K,
              GgmlType.Q5_K,
              GgmlType.Q6_K,
              GgmlType.IQ4_XS,
              GgmlType.TQ1_0,
              GgmlType.TQ2_0,
              GgmlType.IQ3_S,
              GgmlType.IQ3_XXS,
              GgmlType.IQ2_S,
              GgmlType.IQ2_XS,
              GgmlType.IQ2_XXS,
              GgmlType.IQ1_S,
              GgmlType.IQ1_M));

  private LaneTypes() {}

  /** All of them. */
  public static Set<GgmlType> all() {
    return ALL;
  }

  /** Writes the product of rows as they are with so many tokens. */
  public static byte[] code(InstructionSet set, GgmlType type, int tokens) {
    return ProductFrame.write(set, blocks(type), tokens);
  }

  /** Writes the product of rows that were unpacked with so many tokens. */
  public static byte[] panelCode(InstructionSet set, GgmlType type, int tokens) {
    PanelLanes panel = blocks(type).panel();
    return PanelFrame.takes(set, panel)
        ? PanelFrame.write(panel, tokens)
        : ProductFrame.write(set, blocks(type).unpacked(), tokens);
  }

  /** Writes what unpacks rows into a panel. */
  public static byte[] unpackingCode(InstructionSet set, GgmlType type) {
    return ProductFrame.writeUnpacking(set, blocks(type));
  }

  /** Writes the product of rows that stay in planes with so many tokens. */
  public static byte[] planeCode(InstructionSet set, GgmlType type, int tokens) {
    return ProductFrame.writePlanes(set, PlaneShape.of(type), tokens);
  }

  /** Bytes of a row's block in a panel. */
  public static int panelBytes(GgmlType type) {
    return blocks(type).unpacked().weightBytes();
  }

  private static SuperBlockCode blocks(GgmlType type) {
    return SuperBlockCode.of(BlockFormat.of(type));
  }
}
