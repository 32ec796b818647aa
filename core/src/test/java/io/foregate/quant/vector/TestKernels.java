package io.foregate.quant.vector;

import io.foregate.assembly.CpuFeatures;
import io.foregate.quant.assembled.RowProducts;
import io.foregate.quant.assembled.floats.TileProducts;
import io.foregate.quant.assembled.function.InstructionSet;
import java.util.ArrayList;
import java.util.List;

/** Every implementation of the kernels that can run here. */
final class TestKernels {
  private TestKernels() {}

  static List<VectorKernels> all() {
    List<VectorKernels> all = new ArrayList<>(List.of(new ScalarKernels(), new PanamaKernels()));
    all.addAll(assembled());
    return all;
  }

  /** What machine code is entered through, with each instruction set that this CPU has. */
  static List<RowProducts> products() {
    return InstructionSet.of(CpuFeatures.detect()).stream()
        .map(set -> RowProducts.of(set).orElseThrow())
        .toList();
  }

  /** Machine code, with each instruction set that this CPU has. */
  static List<VectorKernels> assembled() {
    List<VectorKernels> kernels = new ArrayList<>();
    for (InstructionSet set : InstructionSet.of(CpuFeatures.detect())) {
      var products = RowProducts.of(set).orElseThrow();
      var tiles = TileProducts.of(set).orElseThrow();
      kernels.add(new AssembledKernels(products, tiles, PanamaKernels::new));
    }
    return kernels;
  }
}
