package io.foregate.assembly;

import static io.foregate.assembly.VectorOp.Forms.BOTH;
import static io.foregate.assembly.VectorOp.Forms.EVEX;
import static io.foregate.assembly.VectorOp.Forms.VEX;
import static io.foregate.assembly.VectorOp.Memory.EIGHT;
import static io.foregate.assembly.VectorOp.Memory.FOUR;
import static io.foregate.assembly.VectorOp.Memory.FULL;
import static io.foregate.assembly.VectorOp.Memory.HALF;
import static io.foregate.assembly.VectorOp.Memory.ONE;
import static io.foregate.assembly.VectorOp.Memory.QUARTER;
import static io.foregate.assembly.VectorOp.Memory.SIXTEEN;
import static io.foregate.assembly.VectorOp.Memory.THIRTY_TWO;
import static io.foregate.assembly.VectorOp.Memory.TWO;

/**
 * How vector instructions are encoded, a line each, as the manual's opcode column has it: mandatory
 * prefix, map, W, opcode. What EVEX alone says differently (W of 64-bit lanes) follows from the
 * form.
 */
enum VectorOp {
  VADDPS(BOTH, 0, 0x0F, 0, 0, 0x58, FULL),
  VADDSS(BOTH, 0xF3, 0x0F, 0, 0, 0x58, FOUR),
  VSUBPS(BOTH, 0, 0x0F, 0, 0, 0x5C, FULL),
  VMULPS(BOTH, 0, 0x0F, 0, 0, 0x59, FULL),
  VMULSS(BOTH, 0xF3, 0x0F, 0, 0, 0x59, FOUR),
  VDIVPS(BOTH, 0, 0x0F, 0, 0, 0x5E, FULL),
  VDIVSS(BOTH, 0xF3, 0x0F, 0, 0, 0x5E, FOUR),
  VMAXPS(BOTH, 0, 0x0F, 0, 0, 0x5F, FULL),
  VMINPS(BOTH, 0, 0x0F, 0, 0, 0x5D, FULL),
  VFMADD213PS(BOTH, 0x66, 0x0F38, 0, 0, 0xA8, FULL),
  VFMSUB213PS(BOTH, 0x66, 0x0F38, 0, 0, 0xAA, FULL),
  VFMADD231PS(BOTH, 0x66, 0x0F38, 0, 0, 0xB8, FULL),
  VFMADD231SS(BOTH, 0x66, 0x0F38, 0, 0, 0xB9, FOUR),
  VFNMADD231PS(BOTH, 0x66, 0x0F38, 0, 0, 0xBC, FULL),
  VCVTDQ2PS(BOTH, 0, 0x0F, 0, 0, 0x5B, FULL),
  VCVTPS2DQ(BOTH, 0x66, 0x0F, 0, 0, 0x5B, FULL),
  VCVTTPS2DQ(BOTH, 0xF3, 0x0F, 0, 0, 0x5B, FULL),
  VCVTPH2PS(BOTH, 0x66, 0x0F38, 0, 0, 0x13, HALF),
  VCVTPS2PH(BOTH, 0x66, 0x0F3A, 0, 0, 0x1D, HALF),
  VDPBF16PS(EVEX, 0xF3, 0x0F38, 0, 0, 0x52, FULL),

  VPADDB(BOTH, 0x66, 0x0F, 0, 0, 0xFC, FULL),
  VPADDW(BOTH, 0x66, 0x0F, 0, 0, 0xFD, FULL),
  VPADDD(BOTH, 0x66, 0x0F, 0, 0, 0xFE, FULL),
  VPSUBB(BOTH, 0x66, 0x0F, 0, 0, 0xF8, FULL),
  VPSUBW(BOTH, 0x66, 0x0F, 0, 0, 0xF9, FULL),
  VPSUBD(BOTH, 0x66, 0x0F, 0, 0, 0xFA, FULL),
  VPAND(BOTH, 0x66, 0x0F, 0, 0, 0xDB, FULL),
  VPANDN(BOTH, 0x66, 0x0F, 0, 0, 0xDF, FULL),
  VPOR(BOTH, 0x66, 0x0F, 0, 0, 0xEB, FULL),
  VPXOR(BOTH, 0x66, 0x0F, 0, 0, 0xEF, FULL),
  VPTERNLOGD(EVEX, 0x66, 0x0F3A, 0, 0, 0x25, FULL),
  VPMADDUBSW(BOTH, 0x66, 0x0F38, 0, 0, 0x04, FULL),
  VPMADDWD(BOTH, 0x66, 0x0F, 0, 0, 0xF5, FULL),
  VPMULLD(BOTH, 0x66, 0x0F38, 0, 0, 0x40, FULL),
  VPMULLW(BOTH, 0x66, 0x0F, 0, 0, 0xD5, FULL),
  VPABSB(BOTH, 0x66, 0x0F38, 0, 0, 0x1C, FULL),
  VPSIGNB(VEX, 0x66, 0x0F38, 0, 0, 0x08, FULL),
  VPMINSD(BOTH, 0x66, 0x0F38, 0, 0, 0x39, FULL),
  VPMAXSD(BOTH, 0x66, 0x0F38, 0, 0, 0x3D, FULL),
  VPMAXUD(BOTH, 0x66, 0x0F38, 0, 0, 0x3F, FULL),
  VPSADBW(BOTH, 0x66, 0x0F, 0, 0, 0xF6, FULL),
  VPCMPEQB(VEX, 0x66, 0x0F, 0, 0, 0x74, FULL),
  VPCMPEQD(VEX, 0x66, 0x0F, 0, 0, 0x76, FULL),
  VPCMPGTD(VEX, 0x66, 0x0F, 0, 0, 0x66, FULL),
  /** {@code {vex} vpdpbusd}: AVX-VNNI. */
  VPDPBUSD_VEX(VEX, 0x66, 0x0F38, 0, 0, 0x50, FULL),
  /** {@code {evex} vpdpbusd}: AVX-512 VNNI. */
  VPDPBUSD_EVEX(EVEX, 0x66, 0x0F38, 0, 0, 0x50, FULL),
  VPDPWSSD_VEX(VEX, 0x66, 0x0F38, 0, 0, 0x52, FULL),
  VPDPWSSD_EVEX(EVEX, 0x66, 0x0F38, 0, 0, 0x52, FULL),

  VPSLLVD(BOTH, 0x66, 0x0F38, 0, 0, 0x47, FULL),
  VPSRLVD(BOTH, 0x66, 0x0F38, 0, 0, 0x45, FULL),
  VPSRAVD(BOTH, 0x66, 0x0F38, 0, 0, 0x46, FULL),
  VPROLVD(EVEX, 0x66, 0x0F38, 0, 0, 0x15, FULL),
  VPSRLVQ(BOTH, 0x66, 0x0F38, 1, 1, 0x45, FULL),
  VPSRLVW(EVEX, 0x66, 0x0F38, 1, 1, 0x10, FULL),
  VPSLLVW(EVEX, 0x66, 0x0F38, 1, 1, 0x12, FULL),
  /** By an immediate; the field of the first register tells which shift. */
  SHIFT_W(BOTH, 0x66, 0x0F, 0, 0, 0x71, FULL),
  SHIFT_D(BOTH, 0x66, 0x0F, 0, 0, 0x72, FULL),
  SHIFT_Q(BOTH, 0x66, 0x0F, 0, 1, 0x73, FULL),
  /** Whole bytes within 128 bits: W is ignored, also by EVEX. */
  SHIFT_DQ(BOTH, 0x66, 0x0F, 0, 0, 0x73, FULL),

  VPSHUFB(BOTH, 0x66, 0x0F38, 0, 0, 0x00, FULL),
  VPSHUFD(BOTH, 0x66, 0x0F, 0, 0, 0x70, FULL),
  VPALIGNR(BOTH, 0x66, 0x0F3A, 0, 0, 0x0F, FULL),
  VPERMD(BOTH, 0x66, 0x0F38, 0, 0, 0x36, FULL),
  VPERMPS(BOTH, 0x66, 0x0F38, 0, 0, 0x16, FULL),
  VPERMQ(BOTH, 0x66, 0x0F3A, 1, 1, 0x00, FULL),
  VPERMI2D(EVEX, 0x66, 0x0F38, 0, 0, 0x76, FULL),
  VPERMW(EVEX, 0x66, 0x0F38, 1, 1, 0x8D, FULL),
  VPERMB(EVEX, 0x66, 0x0F38, 0, 0, 0x8D, FULL),
  VPERMILPS(BOTH, 0x66, 0x0F3A, 0, 0, 0x04, FULL),
  VPUNPCKLBW(BOTH, 0x66, 0x0F, 0, 0, 0x60, FULL),
  VPUNPCKLWD(BOTH, 0x66, 0x0F, 0, 0, 0x61, FULL),
  VPUNPCKLDQ(BOTH, 0x66, 0x0F, 0, 0, 0x62, FULL),
  VPUNPCKLQDQ(BOTH, 0x66, 0x0F, 0, 1, 0x6C, FULL),
  VPUNPCKHBW(BOTH, 0x66, 0x0F, 0, 0, 0x68, FULL),
  VPUNPCKHWD(BOTH, 0x66, 0x0F, 0, 0, 0x69, FULL),
  VPUNPCKHDQ(BOTH, 0x66, 0x0F, 0, 0, 0x6A, FULL),
  VPUNPCKHQDQ(BOTH, 0x66, 0x0F, 0, 1, 0x6D, FULL),
  VPACKSSDW(BOTH, 0x66, 0x0F, 0, 0, 0x6B, FULL),
  VPACKSSWB(BOTH, 0x66, 0x0F, 0, 0, 0x63, FULL),
  VPBLENDD(VEX, 0x66, 0x0F3A, 0, 0, 0x02, FULL),
  VHADDPS(VEX, 0xF2, 0x0F, 0, 0, 0x7C, FULL),
  VPHADDD(VEX, 0x66, 0x0F38, 0, 0, 0x02, FULL),
  VMOVHLPS(BOTH, 0, 0x0F, 0, 0, 0x12, FULL),
  VMOVSHDUP(BOTH, 0xF3, 0x0F, 0, 0, 0x16, FULL),
  VSHUFPS(BOTH, 0, 0x0F, 0, 0, 0xC6, FULL),

  VINSERTI128(BOTH, 0x66, 0x0F3A, 0, 0, 0x38, SIXTEEN),
  VEXTRACTI128(BOTH, 0x66, 0x0F3A, 0, 0, 0x39, SIXTEEN),
  VINSERTI64X4(EVEX, 0x66, 0x0F3A, 1, 1, 0x3A, THIRTY_TWO),
  VEXTRACTI64X4(EVEX, 0x66, 0x0F3A, 1, 1, 0x3B, THIRTY_TWO),
  VPINSRB(BOTH, 0x66, 0x0F3A, 0, 0, 0x20, ONE),
  VPINSRW(BOTH, 0x66, 0x0F, 0, 0, 0xC4, TWO),
  VPINSRD(BOTH, 0x66, 0x0F3A, 0, 0, 0x22, FOUR),
  VPINSRQ(BOTH, 0x66, 0x0F3A, 1, 1, 0x22, EIGHT),

  VBROADCASTSS(BOTH, 0x66, 0x0F38, 0, 0, 0x18, FOUR),
  VPGATHERDD(BOTH, 0x66, 0x0F38, 0, 0, 0x90, FOUR),
  VPBROADCASTB(BOTH, 0x66, 0x0F38, 0, 0, 0x78, ONE),
  VPBROADCASTW(BOTH, 0x66, 0x0F38, 0, 0, 0x79, TWO),
  VPBROADCASTD(BOTH, 0x66, 0x0F38, 0, 0, 0x58, FOUR),
  VPBROADCASTQ(BOTH, 0x66, 0x0F38, 0, 1, 0x59, EIGHT),
  VBROADCASTI128(BOTH, 0x66, 0x0F38, 0, 0, 0x5A, SIXTEEN),
  VBROADCASTI64X4(EVEX, 0x66, 0x0F38, 1, 1, 0x5B, THIRTY_TWO),
  VPMOVSXBW(BOTH, 0x66, 0x0F38, 0, 0, 0x20, HALF),
  VPMOVSXBD(BOTH, 0x66, 0x0F38, 0, 0, 0x21, QUARTER),
  VPMOVSXWD(BOTH, 0x66, 0x0F38, 0, 0, 0x23, HALF),
  VPMOVZXBW(BOTH, 0x66, 0x0F38, 0, 0, 0x30, HALF),
  VPMOVZXBD(BOTH, 0x66, 0x0F38, 0, 0, 0x31, QUARTER),
  VPMOVZXWD(BOTH, 0x66, 0x0F38, 0, 0, 0x33, HALF),

  VMOVDQU_LOAD(BOTH, 0xF3, 0x0F, 0, 0, 0x6F, FULL),
  VMOVDQU_STORE(BOTH, 0xF3, 0x0F, 0, 0, 0x7F, FULL),
  VMOVUPS_LOAD(BOTH, 0, 0x0F, 0, 0, 0x10, FULL),
  VMOVUPS_STORE(BOTH, 0, 0x0F, 0, 0, 0x11, FULL),
  VMOVSS_LOAD(BOTH, 0xF3, 0x0F, 0, 0, 0x10, FOUR),
  VMOVSS_STORE(BOTH, 0xF3, 0x0F, 0, 0, 0x11, FOUR),
  VMOVD_LOAD(BOTH, 0x66, 0x0F, 0, 0, 0x6E, FOUR),
  VMOVD_STORE(BOTH, 0x66, 0x0F, 0, 0, 0x7E, FOUR),
  VMOVQ_LOAD(VEX, 0xF3, 0x0F, 0, 0, 0x7E, EIGHT),
  VMOVQ_STORE(VEX, 0x66, 0x0F, 0, 0, 0xD6, EIGHT),
  VMOVQ_FROM(BOTH, 0x66, 0x0F, 1, 1, 0x6E, EIGHT),
  VMOVQ_TO(BOTH, 0x66, 0x0F, 1, 1, 0x7E, EIGHT);

  /** Which encodings an instruction has. */
  enum Forms {
    VEX,
    EVEX,
    BOTH
  }

  /** How many bytes of memory an instruction reads or writes: EVEX counts displacements in them. */
  enum Memory {
    FULL,
    HALF,
    QUARTER,
    ONE,
    TWO,
    FOUR,
    EIGHT,
    SIXTEEN,
    THIRTY_TWO;

    int bytes(int bits) {
      return switch (this) {
        case FULL -> bits / 8;
        case HALF -> bits / 16;
        case QUARTER -> bits / 32;
        case ONE -> 1;
        case TWO -> 2;
        case FOUR -> 4;
        case EIGHT -> 8;
        case SIXTEEN -> 16;
        case THIRTY_TWO -> 32;
      };
    }
  }

  final Forms forms;
  final int prefix;
  final int map;
  final int vexW;
  final int evexW;
  final int code;
  final Memory memory;

  VectorOp(Forms forms, int prefix, int map, int vexW, int evexW, int code, Memory memory) {
    this.forms = forms;
    this.prefix = prefix;
    this.map = map;
    this.vexW = vexW;
    this.evexW = evexW;
    this.code = code;
    this.memory = memory;
  }

  /** The two bits that stand for the mandatory prefix. */
  int prefixBits() {
    return bits(prefix);
  }

  /** The two bits that stand for a mandatory prefix. */
  static int bits(int prefix) {
    return switch (prefix) {
      case 0 -> 0;
      case 0x66 -> 1;
      case 0xF3 -> 2;
      case 0xF2 -> 3;
      default -> throw new AssertionError(prefix);
    };
  }

  /** The number that stands for the map. */
  int mapBits() {
    return switch (map) {
      case 0x0F -> 1;
      case 0x0F38 -> 2;
      case 0x0F3A -> 3;
      default -> throw new AssertionError(map);
    };
  }
}
