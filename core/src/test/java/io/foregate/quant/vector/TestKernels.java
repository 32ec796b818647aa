package io.foregate.quant.vector;

import io.foregate.quant.assembled.RowProducts;
import java.util.ArrayList;
import java.util.List;

/** Every implementation of the kernels; machine code that this CPU cannot run is emulated. */
final class TestKernels {
  private TestKernels() {}

  static List<VectorKernels> all() {
    List<VectorKernels> all = new ArrayList<>(List.of(new ScalarKernels(), new PanamaKernels()));
    all.addAll(assembled());
    return all;
  }

  /** Those that this CPU runs. */
  static List<VectorKernels> here() {
    List<VectorKernels> here = new ArrayList<>(List.of(new ScalarKernels(), new PanamaKernels()));
    MachineCode.ofThisCpu().forEach(code -> here.add(code.kernels()));
    return here;
  }

  /** What machine code is entered through, with each instruction set. */
  static List<RowProducts> products() {
    return MachineCode.all().stream().map(MachineCode::products).toList();
  }

  /** Machine code, with each instruction set. */
  static List<VectorKernels> assembled() {
    return MachineCode.all().stream().map(MachineCode::kernels).toList();
  }
}
