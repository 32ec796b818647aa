package io.foregate.assembly;

/**
 * Instructions that load, store and rearrange lanes; each method is one of the manual's, without
 * the number that EVEX adds to the names of moves.
 */
interface MoveInstructions {
  /** Writes the instructions. */
  VectorEncoder encoder();

  default void vpshufb(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPSHUFB, to, a, b);
  }

  default void vpermd(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPERMD, to, a, b);
  }

  default void vpermps(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPERMPS, to, a, b);
  }

  default void vpermi2d(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPERMI2D, to, a, b);
  }

  default void vpermw(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPERMW, to, a, b);
  }

  default void vpermb(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPERMB, to, a, b);
  }

  default void vpunpcklbw(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPUNPCKLBW, to, a, b);
  }

  default void vpunpcklwd(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPUNPCKLWD, to, a, b);
  }

  default void vpunpckldq(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPUNPCKLDQ, to, a, b);
  }

  default void vpunpcklqdq(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPUNPCKLQDQ, to, a, b);
  }

  default void vpunpckhbw(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPUNPCKHBW, to, a, b);
  }

  default void vpunpckhwd(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPUNPCKHWD, to, a, b);
  }

  default void vpunpckhdq(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPUNPCKHDQ, to, a, b);
  }

  default void vpunpckhqdq(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPUNPCKHQDQ, to, a, b);
  }

  default void vpackssdw(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPACKSSDW, to, a, b);
  }

  default void vpacksswb(Vec to, Vec a, Operand b) {
    encoder().write(VectorOp.VPACKSSWB, to, a, b);
  }

  default void vpbroadcastb(Vec to, Operand from) {
    encoder().write(VectorOp.VPBROADCASTB, to, null, from);
  }

  default void vpbroadcastw(Vec to, Operand from) {
    encoder().write(VectorOp.VPBROADCASTW, to, null, from);
  }

  default void vpbroadcastd(Vec to, Operand from) {
    encoder().write(VectorOp.VPBROADCASTD, to, null, from);
  }

  default void vpbroadcastq(Vec to, Operand from) {
    encoder().write(VectorOp.VPBROADCASTQ, to, null, from);
  }

  default void vbroadcasti128(Vec to, Operand from) {
    encoder().write(VectorOp.VBROADCASTI128, to, null, from);
  }

  default void vbroadcasti64x4(Vec to, Operand from) {
    encoder().write(VectorOp.VBROADCASTI64X4, to, null, from);
  }

  default void vpmovsxbw(Vec to, Operand from) {
    encoder().write(VectorOp.VPMOVSXBW, to, null, from);
  }

  default void vpmovsxbd(Vec to, Operand from) {
    encoder().write(VectorOp.VPMOVSXBD, to, null, from);
  }

  default void vpmovsxwd(Vec to, Operand from) {
    encoder().write(VectorOp.VPMOVSXWD, to, null, from);
  }

  default void vpmovzxbw(Vec to, Operand from) {
    encoder().write(VectorOp.VPMOVZXBW, to, null, from);
  }

  default void vpmovzxbd(Vec to, Operand from) {
    encoder().write(VectorOp.VPMOVZXBD, to, null, from);
  }

  default void vpmovzxwd(Vec to, Operand from) {
    encoder().write(VectorOp.VPMOVZXWD, to, null, from);
  }

  default void vpshufd(Vec to, Operand from, int immediate) {
    encoder().write(VectorOp.VPSHUFD, to, null, from, immediate & 0xFF);
  }

  default void vpermq(Vec to, Operand from, int immediate) {
    encoder().write(VectorOp.VPERMQ, to, null, from, immediate & 0xFF);
  }

  default void vpalignr(Vec to, Vec a, Operand b, int immediate) {
    encoder().write(VectorOp.VPALIGNR, to, a, b, immediate & 0xFF);
  }

  default void vpblendd(Vec to, Vec a, Operand b, int immediate) {
    encoder().write(VectorOp.VPBLENDD, to, a, b, immediate & 0xFF);
  }

  default void vinserti128(Vec to, Vec a, Operand b, int immediate) {
    encoder().write(VectorOp.VINSERTI128, to, a, b, immediate & 0xFF);
  }

  default void vinserti64x4(Vec to, Vec a, Operand b, int immediate) {
    encoder().write(VectorOp.VINSERTI64X4, to, a, b, immediate & 0xFF);
  }

  default void vextracti128(Operand to, Vec from, int half) {
    encoder().write(VectorOp.VEXTRACTI128, from.bits(), from.number(), 0, to, half & 0xFF);
  }

  default void vextracti64x4(Operand to, Vec from, int half) {
    encoder().write(VectorOp.VEXTRACTI64X4, from.bits(), from.number(), 0, to, half & 0xFF);
  }

  default void vmovdqu(Vec to, Operand from) {
    encoder().write(VectorOp.VMOVDQU_LOAD, to, null, from);
  }

  default void vmovdqu(Address to, Vec from) {
    encoder().write(VectorOp.VMOVDQU_STORE, from, null, to);
  }

  default void vmovups(Vec to, Operand from) {
    encoder().write(VectorOp.VMOVUPS_LOAD, to, null, from);
  }

  default void vmovups(Address to, Vec from) {
    encoder().write(VectorOp.VMOVUPS_STORE, from, null, to);
  }

  default void vmovss(Vec to, Address from) {
    encoder().write(VectorOp.VMOVSS_LOAD, to, null, from);
  }

  default void vmovss(Address to, Vec from) {
    encoder().write(VectorOp.VMOVSS_STORE, from, null, to);
  }

  default void vmovd(Vec to, Address from) {
    encoder().write(VectorOp.VMOVD_LOAD, to, null, from);
  }

  default void vmovd(Vec to, Gpr from) {
    encoder().write(VectorOp.VMOVD_LOAD, to, null, Vec.xmm(from.ordinal()));
  }

  default void vmovd(Gpr to, Vec from) {
    encoder().write(VectorOp.VMOVD_STORE, from, null, Vec.xmm(to.ordinal()));
  }

  /** Eight bytes. Two encodings say it; as GNU as, the shorter is taken, or that of registers. */
  default void vmovq(Vec to, Address from) {
    VectorOp op = to.number() > 15 ? VectorOp.VMOVQ_FROM : VectorOp.VMOVQ_LOAD;
    encoder().write(op, to, null, from);
  }

  default void vmovq(Address to, Vec from) {
    VectorOp op = from.number() > 15 ? VectorOp.VMOVQ_TO : VectorOp.VMOVQ_STORE;
    encoder().write(op, from, null, to);
  }

  default void vmovq(Vec to, Gpr from) {
    encoder().write(VectorOp.VMOVQ_FROM, to, null, Vec.xmm(from.ordinal()));
  }

  default void vmovq(Gpr to, Vec from) {
    encoder().write(VectorOp.VMOVQ_TO, from, null, Vec.xmm(to.ordinal()));
  }

  default void vpinsrb(Vec to, Vec a, Address b, int lane) {
    encoder().write(VectorOp.VPINSRB, to, a, b, lane & 0xFF);
  }

  default void vpinsrw(Vec to, Vec a, Address b, int lane) {
    encoder().write(VectorOp.VPINSRW, to, a, b, lane & 0xFF);
  }

  default void vpinsrd(Vec to, Vec a, Address b, int lane) {
    encoder().write(VectorOp.VPINSRD, to, a, b, lane & 0xFF);
  }

  default void vpinsrq(Vec to, Vec a, Address b, int lane) {
    encoder().write(VectorOp.VPINSRQ, to, a, b, lane & 0xFF);
  }
}
