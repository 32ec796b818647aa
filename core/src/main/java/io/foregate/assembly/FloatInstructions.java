package io.foregate.assembly;

/** Instructions on lanes of floats; each method is one of the manual's. */
interface FloatInstructions {
  /** Writes the instructions. */
  VectorEncoder encoder();

  default void vaddps(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VADDPS, to, a, b);
  }

  default void vaddss(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VADDSS, to, a, b);
  }

  default void vsubps(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VSUBPS, to, a, b);
  }

  default void vmulps(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VMULPS, to, a, b);
  }

  default void vmulss(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VMULSS, to, a, b);
  }

  default void vdivps(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VDIVPS, to, a, b);
  }

  default void vdivss(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VDIVSS, to, a, b);
  }

  default void vmaxps(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VMAXPS, to, a, b);
  }

  default void vminps(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VMINPS, to, a, b);
  }

  default void vfmadd213ps(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VFMADD213PS, to, a, b);
  }

  default void vfmsub213ps(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VFMSUB213PS, to, a, b);
  }

  default void vfmadd231ps(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VFMADD231PS, to, a, b);
  }

  default void vfmadd231ss(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VFMADD231SS, to, a, b);
  }

  default void vfnmadd231ps(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VFNMADD231PS, to, a, b);
  }

  default void vdpbf16ps(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VDPBF16PS, to, a, b);
  }

  default void vmovhlps(Vec to, Vec a, Vec b) {
    encoder().write(VectorOp.VMOVHLPS, to, a, b);
  }

  default void vhaddps(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VHADDPS, to, a, b);
  }

  default void vcvtdq2ps(Vec to, Operand from) {
    encoder().write(VectorOp.VCVTDQ2PS, to, null, from);
  }

  default void vcvtps2dq(Vec to, Operand from) {
    encoder().write(VectorOp.VCVTPS2DQ, to, null, from);
  }

  default void vcvttps2dq(Vec to, Operand from) {
    encoder().write(VectorOp.VCVTTPS2DQ, to, null, from);
  }

  default void vcvtph2ps(Vec to, Operand from) {
    encoder().write(VectorOp.VCVTPH2PS, to, null, from);
  }

  default void vmovshdup(Vec to, Operand from) {
    encoder().write(VectorOp.VMOVSHDUP, to, null, from);
  }

  default void vbroadcastss(Vec to, Operand from) {
    encoder().write(VectorOp.VBROADCASTSS, to, null, from);
  }

  default void vpermilps(Vec to, Operand from, int immediate) {
    encoder().write(VectorOp.VPERMILPS, to, null, from, immediate & 0xFF);
  }

  default void vshufps(Vec to, Vec a, Operand b, int immediate) {
    encoder().write(VectorOp.VSHUFPS, to, a, b, immediate & 0xFF);
  }

  /** Rounds floats to f16, by {@code immediate}'s mode; 4 takes the CPU's. */
  default void vcvtps2ph(Operand to, Vec from, int immediate) {
    encoder().write(VectorOp.VCVTPS2PH, from.bits(), from.number(), 0, to, immediate & 0xFF);
  }
}
