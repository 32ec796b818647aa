package io.foregate.assembly;

import static io.foregate.assembly.Gpr.R12;
import static io.foregate.assembly.Gpr.R13;
import static io.foregate.assembly.Gpr.R14;
import static io.foregate.assembly.Gpr.R15;
import static io.foregate.assembly.Gpr.R9;
import static io.foregate.assembly.Gpr.RAX;
import static io.foregate.assembly.Gpr.RBP;
import static io.foregate.assembly.Gpr.RBX;
import static io.foregate.assembly.Gpr.RCX;
import static io.foregate.assembly.Gpr.RDI;
import static io.foregate.assembly.Gpr.RSI;
import static io.foregate.assembly.Gpr.RSP;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Cases of vector instructions, from a table of what operands each takes. */
final class VectorCases {
  /**
   * Instruction, encodings (V for VEX, E for EVEX, B for both), widths, operands. Operands: v is a
   * register of that width, h and q one of half and a quarter (128 bits at least), x and y one of
   * 128 and 256 bits, m memory, g and r a general register of 32 and 64 bits, i an immediate.
   */
  private static final String TABLE =
      """
      vaddps        B xyz v v v/m
      vaddss        B x   v v v/m
      vsubps        B xyz v v v/m
      vmulps        B xyz v v v/m
      vmulss        B x   v v v/m
      vdivps        B xyz v v v/m
      vdivss        B x   v v v/m
      vmaxps        B xyz v v v/m
      vminps        B xyz v v v/m
      vfmadd213ps   B xyz v v v/m
      vfmsub213ps   B xyz v v v/m
      vfmadd231ps   B xyz v v v/m
      vfmadd231ss   B x   v v v/m
      vfnmadd231ps  B xyz v v v/m
      vdpbf16ps     E xyz v v v/m
      vmovhlps      B x   v v v
      vhaddps       V xy  v v v/m
      vcvtdq2ps     B xyz v v/m
      vcvtps2dq     B xyz v v/m
      vcvttps2dq    B xyz v v/m
      vcvtph2ps     B xyz v h/m
      vmovshdup     B xyz v v/m
      vbroadcastss  B xyz v x/m
      vpermilps     B xyz v v/m i
      vshufps       B xyz v v v/m i
      vcvtps2ph     B xyz h/m v i
      vpaddb        B xyz v v v/m
      vpaddw        B xyz v v v/m
      vpaddd        B xyz v v v/m
      vpsubb        B xyz v v v/m
      vpsubw        B xyz v v v/m
      vpsubd        B xyz v v v/m
      vpand         B xyz v v v/m
      vpandn        B xyz v v v/m
      vpor          B xyz v v v/m
      vpxor         B xyz v v v/m
      vpmaddubsw    B xyz v v v/m
      vpmaddwd      B xyz v v v/m
      vpmulld       B xyz v v v/m
      vpmullw       B xyz v v v/m
      vpsignb       V xy  v v v/m
      vpminsd       B xyz v v v/m
      vpmaxsd       B xyz v v v/m
      vpmaxud       B xyz v v v/m
      vpsadbw       B xyz v v v/m
      vpcmpeqb      V xy  v v v/m
      vpcmpeqd      V xy  v v v/m
      vpcmpgtd      V xy  v v v/m
      vpsllvd       B xyz v v v/m
      vpsrlvd       B xyz v v v/m
      vpsravd       B xyz v v v/m
      vprolvd       E xyz v v v/m
      vpsrlvq       B xyz v v v/m
      vpsrlvw       E xyz v v v/m
      vpsllvw       E xyz v v v/m
      vphaddd       V xy  v v v/m
      vpabsb        B xyz v v/m
      vpternlogd    E xyz v v v/m i
      vpdpbusdVex   V xy  v v v/m
      vpdpbusdEvex  E xyz v v v/m
      vpdpwssdVex   V xy  v v v/m
      vpdpwssdEvex  E xyz v v v/m
      vpsrlw        B xyz v v i
      vpsraw        B xyz v v i
      vpsllw        B xyz v v i
      vpsrld        B xyz v v i
      vpsrad        B xyz v v i
      vpslld        B xyz v v i
      vpsrlq        B xyz v v i
      vpsllq        B xyz v v i
      vpsrldq       B xyz v v i
      vpslldq       B xyz v v i
      vpshufb       B xyz v v v/m
      vpermd        B yz  v v v/m
      vpermps       B yz  v v v/m
      vpermi2d      E xyz v v v/m
      vpermw        E xyz v v v/m
      vpermb        E xyz v v v/m
      vpunpcklbw    B xyz v v v/m
      vpunpcklwd    B xyz v v v/m
      vpunpckldq    B xyz v v v/m
      vpunpcklqdq   B xyz v v v/m
      vpunpckhbw    B xyz v v v/m
      vpunpckhwd    B xyz v v v/m
      vpunpckhdq    B xyz v v v/m
      vpunpckhqdq   B xyz v v v/m
      vpackssdw     B xyz v v v/m
      vpacksswb     B xyz v v v/m
      vpbroadcastb  B xyz v x/m
      vpbroadcastw  B xyz v x/m
      vpbroadcastd  B xyz v x/m
      vpbroadcastq  B xyz v x/m
      vbroadcasti128  B yz v m
      vbroadcasti64x4 E z v m
      vpmovsxbw     B xyz v h/m
      vpmovsxbd     B xyz v q/m
      vpmovsxwd     B xyz v h/m
      vpmovzxbw     B xyz v h/m
      vpmovzxbd     B xyz v q/m
      vpmovzxwd     B xyz v h/m
      vpshufd       B xyz v v/m i
      vpermq        B yz  v v/m i
      vpalignr      B xyz v v v/m i
      vpblendd      V xy  v v v/m i
      vinserti128   B yz  v v x/m i
      vinserti64x4  E z   v v y/m i
      vextracti128  B yz  x/m v i
      vextracti64x4 E z   y/m v i
      vmovdqu       B xyz v v/m
      vmovdqu       B xyz m v
      vmovups       B xyz v v/m
      vmovups       B xyz m v
      vmovss        B x   v m
      vmovss        B x   m v
      vmovd         B x   v m
      vmovd         B x   v g
      vmovd         B x   g v
      vmovq         B x   v m
      vmovq         B x   m v
      vmovq         B x   v r
      vmovq         B x   r v
      vpinsrb       B x   v v m i
      vpinsrw       B x   v v m i
      vpinsrd       B x   v v m i
      vpinsrq       B x   v v m i
      """;

  /** What EVEX forms are called where the name differs. */
  private static final Map<String, String> EVEX_NAMES =
      Map.of(
          "vpand", "vpandd",
          "vpandn", "vpandnd",
          "vpor", "vpord",
          "vpxor", "vpxord",
          "vmovdqu", "vmovdqu32",
          "vbroadcasti128", "vbroadcasti32x4",
          "vinserti128", "vinserti32x4",
          "vextracti128", "vextracti32x4");

  /**
   * Numbers of an instruction's registers. Where the last alone is from 8 to 15, as swaps operands
   * of some to save a byte, so none are like that.
   */
  private static final int[][] LOW = {{1, 2, 3}, {9, 10, 11}, {12, 3, 4}};

  private static final int[][] HIGH = {{17, 26, 31}, {1, 30, 7}, {20, 5, 14}, {6, 13, 27}};

  private static final List<Object> MEMORY =
      List.of(
          Address.at(RAX, 64),
          Address.at(R13, R12, 4, -64),
          new InstructionCase.Place(true, false, 0),
          Address.at(RSP, 64),
          Address.at(R9, R15, 8, 128),
          new InstructionCase.Place(true, true, 8));

  /** Instructions that meet every address: by VEX, and each unit of EVEX's displacements. */
  private static final List<String> EVERY_ADDRESS =
      List.of(
          "vpcmpeqd",
          "vpaddd",
          "vcvtph2ps",
          "vpmovsxbd",
          "vpbroadcastq",
          "vmovd",
          "vpbroadcastw",
          "vpinsrb");

  private static final int[] IMMEDIATES = {1, 0x1B, 255, -1, 0, 0x80};

  private final List<InstructionCase> cases = new ArrayList<>();

  private VectorCases() {}

  static List<InstructionCase> all() {
    var all = new VectorCases();
    TABLE.lines().forEach(line -> all.add(line.split(" +")));
    return all.cases;
  }

  private void add(String[] line) {
    List<String> operands = Arrays.asList(line).subList(3, line.length);
    boolean memory = operands.stream().anyMatch(o -> o.endsWith("m"));
    for (char width : line[2].toCharArray()) {
      int bits = bits(width);
      boolean vex = !line[1].equals("E") && bits < 512;
      boolean evex = !line[1].equals("V");
      if (!operands.contains("m")) {
        registers(line[0], bits, operands, vex ? LOW : new int[][] {LOW[0], LOW[1]});
        registers(line[0], bits, operands, evex ? HIGH : new int[][] {});
      }
      if (memory) {
        for (int i = 0; i < MEMORY.size(); i++) {
          int[] numbers = evex && i >= 3 ? HIGH[i - 3] : LOW[i % 3];
          add(line[0], bits, operands, numbers, MEMORY.get(i));
        }
        if (EVERY_ADDRESS.contains(line[0]) && line[2].indexOf(width) == line[2].length() - 1) {
          for (Address at : addresses()) {
            add(line[0], bits, operands, evex ? HIGH[0] : LOW[1], at);
          }
        }
      }
    }
  }

  private void registers(String name, int bits, List<String> operands, int[][] numbers) {
    for (int[] some : numbers) {
      add(name, bits, operands, some, null);
    }
  }

  /** Adds one case; {@code memory} is null where all operands are registers. */
  private void add(String name, int bits, List<String> kinds, int[] numbers, Object memory) {
    var operands = new ArrayList<>();
    var texts = new ArrayList<String>();
    boolean evex = bits == 512;
    int last = (int) kinds.stream().filter(kind -> !kind.equals("i")).count() - 1;
    for (int i = 0; i <= last; i++) {
      int number = numbers[i == last ? 2 : i];
      Object operand = memory != null && kinds.get(i).endsWith("m") ? memory : null;
      if (operand == null) {
        operand =
            switch (kinds.get(i).charAt(0)) {
              case 'v' -> new Vec(number, bits);
              case 'h' -> new Vec(number, Math.max(bits / 2, 128));
              case 'q' -> new Vec(number, Math.max(bits / 4, 128));
              case 'x' -> Vec.xmm(number);
              case 'y' -> Vec.ymm(number);
              case 'g', 'r' -> Gpr.values()[number % 16];
              default -> throw new AssertionError(kinds.get(i));
            };
      }
      evex |= operand instanceof Vec v && v.number() > 15;
      operands.add(operand);
      texts.add(
          kinds.get(i).equals("g")
              ? InstructionCase.spell32((Gpr) operand)
              : InstructionCase.spell(operand));
    }
    if (kinds.getLast().equals("i")) {
      int immediate = IMMEDIATES[cases.size() % IMMEDIATES.length];
      operands.add(immediate);
      texts.add("" + immediate);
    }
    String text = mnemonic(name, evex) + " " + String.join(", ", texts);
    cases.add(InstructionCase.of(text, name, operands.toArray()));
  }

  private static String mnemonic(String name, boolean evex) {
    if (name.endsWith("Evex")) {
      return "{evex} " + name.replace("Evex", "");
    }
    if (name.endsWith("Vex")) {
      return "{vex} " + name.replace("Vex", "");
    }
    return evex ? EVEX_NAMES.getOrDefault(name, name) : name;
  }

  private static int bits(char width) {
    return switch (width) {
      case 'x' -> 128;
      case 'y' -> 256;
      case 'z' -> 512;
      default -> throw new AssertionError(width);
    };
  }

  /** Every kind of address: bases and indexes that are encoded differently, all displacements. */
  static List<Address> addresses() {
    var addresses = new ArrayList<Address>();
    for (Gpr base : List.of(RAX, RSP, RBP, R12, R13, RDI, R14)) {
      for (int displacement : new int[] {0, 8, -1}) {
        addresses.add(Address.at(base, displacement));
      }
    }
    for (int displacement :
        new int[] {
          1,
          4,
          16,
          32,
          64,
          127,
          128,
          -128,
          -129,
          127 * 4,
          128 * 4,
          127 * 64,
          128 * 64,
          -128 * 64,
          -129 * 64,
          65,
          1 << 30,
          -(1 << 30)
        }) {
      addresses.add(Address.at(RSI, displacement));
    }
    for (Gpr index : List.of(RCX, RBP, R12, R13, R15)) {
      addresses.add(Address.at(RBX, index, 1, 0));
      addresses.add(Address.at(RBP, index, 2, 0));
      addresses.add(Address.at(R13, index, 4, 64));
      addresses.add(Address.at(RSP, index, 8, -4096));
      addresses.add(Address.at(R12, index, 8, 3));
    }
    return addresses;
  }
}
