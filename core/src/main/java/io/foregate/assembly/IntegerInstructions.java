package io.foregate.assembly;

/**
 * Instructions on lanes of integers; each method is one of the manual's, without the d or q that
 * EVEX adds to the names of those that work on bits.
 */
interface IntegerInstructions {
  /** Writes the instructions. */
  VectorEncoder encoder();

  default void vpaddb(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPADDB, to, a, b);
  }

  default void vpaddw(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPADDW, to, a, b);
  }

  default void vpaddd(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPADDD, to, a, b);
  }

  default void vpsubb(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPSUBB, to, a, b);
  }

  default void vpsubw(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPSUBW, to, a, b);
  }

  default void vpsubd(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPSUBD, to, a, b);
  }

  default void vpand(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPAND, to, a, b);
  }

  default void vpandn(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPANDN, to, a, b);
  }

  default void vpor(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPOR, to, a, b);
  }

  default void vpxor(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPXOR, to, a, b);
  }

  default void vpmaddubsw(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPMADDUBSW, to, a, b);
  }

  default void vpmaddwd(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPMADDWD, to, a, b);
  }

  default void vpmulld(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPMULLD, to, a, b);
  }

  default void vpmullw(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPMULLW, to, a, b);
  }

  default void vpsignb(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPSIGNB, to, a, b);
  }

  default void vpminsd(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPMINSD, to, a, b);
  }

  default void vpmaxsd(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPMAXSD, to, a, b);
  }

  default void vpmaxud(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPMAXUD, to, a, b);
  }

  default void vpsadbw(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPSADBW, to, a, b);
  }

  default void vpcmpeqb(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPCMPEQB, to, a, b);
  }

  default void vpcmpeqd(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPCMPEQD, to, a, b);
  }

  default void vpcmpgtd(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPCMPGTD, to, a, b);
  }

  default void vpsllvd(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPSLLVD, to, a, b);
  }

  default void vpsrlvd(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPSRLVD, to, a, b);
  }

  default void vpsravd(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPSRAVD, to, a, b);
  }

  default void vprolvd(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPROLVD, to, a, b);
  }

  default void vpsrlvq(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPSRLVQ, to, a, b);
  }

  default void vpsrlvw(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPSRLVW, to, a, b);
  }

  default void vpsllvw(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPSLLVW, to, a, b);
  }

  default void vphaddd(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPHADDD, to, a, b);
  }

  default void vpabsb(Vec to, Operand from) {
    encoder().write(VectorOp.VPABSB, to, null, from);
  }

  default void vpternlogd(Vec to, Vec a, Operand b, int immediate) {
    encoder().write(VectorOp.VPTERNLOGD, to, a, b, immediate & 0xFF);
  }

  /** The form of AVX-VNNI. */
  default void vpdpbusdVex(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPDPBUSD_VEX, to, a, b);
  }

  /** The form of AVX-512 VNNI. */
  default void vpdpbusdEvex(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPDPBUSD_EVEX, to, a, b);
  }

  /** The form of AVX-VNNI. */
  default void vpdpwssdVex(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPDPWSSD_VEX, to, a, b);
  }

  /** The form of AVX-512 VNNI. */
  default void vpdpwssdEvex(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPDPWSSD_EVEX, to, a, b);
  }

  default void vpsrlw(Vec to, Vec from, int count) {
    encoder().write(VectorOp.SHIFT_W, to.bits(), 2, to.number(), from, count & 0xFF);
  }

  default void vpsraw(Vec to, Vec from, int count) {
    encoder().write(VectorOp.SHIFT_W, to.bits(), 4, to.number(), from, count & 0xFF);
  }

  default void vpsllw(Vec to, Vec from, int count) {
    encoder().write(VectorOp.SHIFT_W, to.bits(), 6, to.number(), from, count & 0xFF);
  }

  default void vpsrld(Vec to, Vec from, int count) {
    encoder().write(VectorOp.SHIFT_D, to.bits(), 2, to.number(), from, count & 0xFF);
  }

  default void vpsrad(Vec to, Vec from, int count) {
    encoder().write(VectorOp.SHIFT_D, to.bits(), 4, to.number(), from, count & 0xFF);
  }

  default void vpslld(Vec to, Vec from, int count) {
    encoder().write(VectorOp.SHIFT_D, to.bits(), 6, to.number(), from, count & 0xFF);
  }

  default void vpsrlq(Vec to, Vec from, int count) {
    encoder().write(VectorOp.SHIFT_Q, to.bits(), 2, to.number(), from, count & 0xFF);
  }

  default void vpsllq(Vec to, Vec from, int count) {
    encoder().write(VectorOp.SHIFT_Q, to.bits(), 6, to.number(), from, count & 0xFF);
  }

  default void vpsrldq(Vec to, Vec from, int count) {
    encoder().write(VectorOp.SHIFT_DQ, to.bits(), 3, to.number(), from, count & 0xFF);
  }

  default void vpslldq(Vec to, Vec from, int count) {
    encoder().write(VectorOp.SHIFT_DQ, to.bits(), 7, to.number(), from, count & 0xFF);
  }
}
