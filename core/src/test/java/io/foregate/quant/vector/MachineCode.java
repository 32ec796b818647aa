package io.foregate.quant.vector;

import io.foregate.assembly.CpuFeatures;
import io.foregate.quant.assembled.RowProducts;
import io.foregate.quant.assembled.floats.TileProducts;
import io.foregate.quant.assembled.function.InstructionSet;
import java.util.Arrays;
import java.util.List;

/**
 * All machine code of an instruction set, as this CPU runs it or as an emulator does.
 *
 * @param emulated whether this CPU does not run it
 */
record MachineCode(RowProducts products, TileProducts tiles, boolean emulated) {
  private static final List<InstructionSet> HERE = InstructionSet.of(CpuFeatures.detect());

  /** Of each set that this CPU has. */
  private static final List<MachineCode> NATIVE = HERE.stream().map(MachineCode::here).toList();

  /** Of each set, emulated. Kept, as functions are decoded once. */
  private static final List<MachineCode> EMULATED =
      Arrays.stream(InstructionSet.values()).map(MachineCode::elsewhere).toList();

  private static MachineCode here(InstructionSet set) {
    return new MachineCode(
        RowProducts.of(set).orElseThrow(), TileProducts.of(set).orElseThrow(), false);
  }

  private static MachineCode elsewhere(InstructionSet set) {
    var functions = new EmulatedFunctions();
    return new MachineCode(
        RowProducts.elsewhere(set, functions), TileProducts.elsewhere(set, functions), true);
  }

  /** Of the sets that this CPU has. */
  static List<MachineCode> ofThisCpu() {
    return NATIVE;
  }

  /** The same as this CPU runs, emulated. */
  MachineCode emulation() {
    return EMULATED.get(products.set().ordinal());
  }

  /** Of every set: emulated where this CPU has it not. */
  static List<MachineCode> all() {
    return Arrays.stream(InstructionSet.values()).map(MachineCode::of).toList();
  }

  private static MachineCode of(InstructionSet set) {
    int place = HERE.indexOf(set);
    return place >= 0 ? NATIVE.get(place) : EMULATED.get(set.ordinal());
  }

  VectorKernels kernels() {
    return new AssembledKernels(products, tiles, PanamaKernels::new);
  }

  @Override
  public String toString() {
    return products.set() + (emulated ? ", emulated" : "");
  }
}
