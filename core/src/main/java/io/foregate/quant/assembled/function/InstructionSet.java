package io.foregate.quant.assembled.function;

import static io.foregate.assembly.CpuExtension.AVX512;

import io.foregate.assembly.Assembler;
import io.foregate.assembly.CpuExtension;
import io.foregate.assembly.CpuFeatures;
import io.foregate.assembly.Operand;
import io.foregate.assembly.Vec;
import java.util.Arrays;
import java.util.List;

/** What products are written with, best first. */
public enum InstructionSet {
  /** AVX-512 F, BW, DQ, VL and VNNI: 32 registers of 512 bits. */
  AVX512_VNNI(512, 32, List.of(AVX512, CpuExtension.AVX512_VNNI)),
  /** AVX2, FMA, F16C and AVX-VNNI. */
  AVX_VNNI(256, 16, List.of(CpuExtension.AVX2, CpuExtension.AVX_VNNI)),
  /** AVX2, FMA and F16C: sums of four products take three instructions. */
  AVX2(256, 16, List.of(CpuExtension.AVX2));

  private final int bits;
  private final int registers;

  @SuppressWarnings("ImmutableEnumChecker") // List.of has made it
  private final List<CpuExtension> needed;

  InstructionSet(int bits, int registers, List<CpuExtension> needed) {
    this.bits = bits;
    this.registers = registers;
    this.needed = needed;
  }

  /** Those that a CPU has, best first. */
  public static List<InstructionSet> of(CpuFeatures cpu) {
    return Arrays.stream(values()).filter(set -> set.needed.stream().allMatch(cpu::has)).toList();
  }

  /** Bits of the widest register. */
  public int bits() {
    return bits;
  }

  /** Vector registers. */
  public int registers() {
    return registers;
  }

  /**
   * Adds products of unsigned and signed bytes to lanes of ints, four to each.
   *
   * @param scratch overwritten where the set has no such instruction; then pairs of products must
   *     fit 16 bits
   * @param ones lanes of 16 bits that are 1
   */
  public void dotBytes(
      Assembler a, Vec sums, Vec unsigned, Operand signed, Vec scratch, Operand ones) {
    switch (this) {
      case AVX512_VNNI -> a.vpdpbusdEvex(sums, unsigned, signed);
      case AVX_VNNI -> a.vpdpbusdVex(sums, unsigned, signed);
      case AVX2 -> {
        a.vpmaddubsw(scratch, unsigned, signed);
        a.vpmaddwd(scratch, scratch, ones);
        a.vpaddd(sums, sums, scratch);
      }
    }
  }
}
