package io.foregate.assembly.emulated;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The vector instructions that are emulated, a line each, as the manual's opcode column has them:
 *
 * <ul>
 *   <li>VEX's name, and EVEX's behind a stroke where it differs;
 *   <li>encodings: V for VEX, E for EVEX, B for both;
 *   <li>mandatory prefix, map, W by VEX and by EVEX (i: ignored, -: no such encoding);
 *   <li>opcode, with the digit that ModRM's reg has behind a stroke;
 *   <li>widths: x, y and z;
 *   <li>bytes of memory, also what EVEX counts displacements in: f, h and q for the full vector,
 *       its half and quarter;
 *   <li>operands: v a vector, h and q one of half and a quarter (128 bits at least), x and y one of
 *       128 and 256 bits, m memory, g and r a general register of 32 and 64 bits, i an immediate.
 * </ul>
 */
final class VectorTable {
  private static final String LINES =
      """
      vaddps            B np 0F   i0 58   xyz f  v v v/m
      vaddss            B f3 0F   i0 58   x   4  v v v/m
      vsubps            B np 0F   i0 5C   xyz f  v v v/m
      vmulps            B np 0F   i0 59   xyz f  v v v/m
      vmulss            B f3 0F   i0 59   x   4  v v v/m
      vdivps            B np 0F   i0 5E   xyz f  v v v/m
      vdivss            B f3 0F   i0 5E   x   4  v v v/m
      vmaxps            B np 0F   i0 5F   xyz f  v v v/m
      vminps            B np 0F   i0 5D   xyz f  v v v/m
      vfmadd213ps       B 66 0F38 00 A8   xyz f  v v v/m
      vfmsub213ps       B 66 0F38 00 AA   xyz f  v v v/m
      vfmadd231ps       B 66 0F38 00 B8   xyz f  v v v/m
      vfmadd231ss       B 66 0F38 00 B9   x   4  v v v/m
      vfnmadd231ps      B 66 0F38 00 BC   xyz f  v v v/m
      vdpbf16ps         E f3 0F38 -0 52   xyz f  v v v/m
      vmovhlps          B np 0F   i0 12   x   -  v v v
      vhaddps           V f2 0F   i- 7C   xy  f  v v v/m
      vcvtdq2ps         B np 0F   i0 5B   xyz f  v v/m
      vcvtps2dq         B 66 0F   i0 5B   xyz f  v v/m
      vcvttps2dq        B f3 0F   i0 5B   xyz f  v v/m
      vcvtph2ps         B 66 0F38 00 13   xyz h  v h/m
      vcvtps2ph         B 66 0F3A 00 1D   xyz h  h/m v i
      vmovshdup         B f3 0F   i0 16   xyz f  v v/m
      vbroadcastss      B 66 0F38 00 18   xyz 4  v x/m
      vpermilps         B 66 0F3A 00 04   xyz f  v v/m i
      vshufps           B np 0F   i0 C6   xyz f  v v v/m i
      vpaddb            B 66 0F   ii FC   xyz f  v v v/m
      vpaddw            B 66 0F   ii FD   xyz f  v v v/m
      vpaddd            B 66 0F   i0 FE   xyz f  v v v/m
      vpsubb            B 66 0F   ii F8   xyz f  v v v/m
      vpsubw            B 66 0F   ii F9   xyz f  v v v/m
      vpsubd            B 66 0F   i0 FA   xyz f  v v v/m
      vpand/vpandd      B 66 0F   i0 DB   xyz f  v v v/m
      vpandn/vpandnd    B 66 0F   i0 DF   xyz f  v v v/m
      vpor/vpord        B 66 0F   i0 EB   xyz f  v v v/m
      vpxor/vpxord      B 66 0F   i0 EF   xyz f  v v v/m
      vpternlogd        E 66 0F3A -0 25   xyz f  v v v/m i
      vpmaddubsw        B 66 0F38 ii 04   xyz f  v v v/m
      vpmaddwd          B 66 0F   ii F5   xyz f  v v v/m
      vpmulld           B 66 0F38 i0 40   xyz f  v v v/m
      vpmullw           B 66 0F   ii D5   xyz f  v v v/m
      vpabsb            B 66 0F38 ii 1C   xyz f  v v/m
      vpsignb           V 66 0F38 i- 08   xy  f  v v v/m
      vpminsd           B 66 0F38 i0 39   xyz f  v v v/m
      vpmaxsd           B 66 0F38 i0 3D   xyz f  v v v/m
      vpmaxud           B 66 0F38 i0 3F   xyz f  v v v/m
      vpsadbw           B 66 0F   ii F6   xyz f  v v v/m
      vpcmpeqb          V 66 0F   i- 74   xy  f  v v v/m
      vpcmpeqd          V 66 0F   i- 76   xy  f  v v v/m
      vpcmpgtd          V 66 0F   i- 66   xy  f  v v v/m
      vphaddd           V 66 0F38 i- 02   xy  f  v v v/m
      vpdpbusd          B 66 0F38 00 50   xyz f  v v v/m
      vpdpwssd          B 66 0F38 00 52   xyz f  v v v/m
      vpsllvd           B 66 0F38 00 47   xyz f  v v v/m
      vpsrlvd           B 66 0F38 00 45   xyz f  v v v/m
      vpsravd           B 66 0F38 00 46   xyz f  v v v/m
      vprolvd           E 66 0F38 -0 15   xyz f  v v v/m
      vpsrlvq           B 66 0F38 11 45   xyz f  v v v/m
      vpsrlvw           E 66 0F38 -1 10   xyz f  v v v/m
      vpsllvw           E 66 0F38 -1 12   xyz f  v v v/m
      vpsrlw            B 66 0F   ii 71/2 xyz f  v v i
      vpsraw            B 66 0F   ii 71/4 xyz f  v v i
      vpsllw            B 66 0F   ii 71/6 xyz f  v v i
      vpsrld            B 66 0F   i0 72/2 xyz f  v v i
      vpsrad            B 66 0F   i0 72/4 xyz f  v v i
      vpslld            B 66 0F   i0 72/6 xyz f  v v i
      vpsrlq            B 66 0F   i1 73/2 xyz f  v v i
      vpsllq            B 66 0F   i1 73/6 xyz f  v v i
      vpsrldq           B 66 0F   ii 73/3 xyz f  v v i
      vpslldq           B 66 0F   ii 73/7 xyz f  v v i
      vpshufb           B 66 0F38 ii 00   xyz f  v v v/m
      vpshufd           B 66 0F   i0 70   xyz f  v v/m i
      vpalignr          B 66 0F3A ii 0F   xyz f  v v v/m i
      vpermd            B 66 0F38 00 36   yz  f  v v v/m
      vpermps           B 66 0F38 00 16   yz  f  v v v/m
      vpermq            B 66 0F3A 11 00   yz  f  v v/m i
      vpermi2d          E 66 0F38 -0 76   xyz f  v v v/m
      vpermw            E 66 0F38 -1 8D   xyz f  v v v/m
      vpermb            E 66 0F38 -0 8D   xyz f  v v v/m
      vpunpcklbw        B 66 0F   ii 60   xyz f  v v v/m
      vpunpcklwd        B 66 0F   ii 61   xyz f  v v v/m
      vpunpckldq        B 66 0F   i0 62   xyz f  v v v/m
      vpunpcklqdq       B 66 0F   i1 6C   xyz f  v v v/m
      vpunpckhbw        B 66 0F   ii 68   xyz f  v v v/m
      vpunpckhwd        B 66 0F   ii 69   xyz f  v v v/m
      vpunpckhdq        B 66 0F   i0 6A   xyz f  v v v/m
      vpunpckhqdq       B 66 0F   i1 6D   xyz f  v v v/m
      vpackssdw         B 66 0F   i0 6B   xyz f  v v v/m
      vpacksswb         B 66 0F   ii 63   xyz f  v v v/m
      vpblendd          V 66 0F3A 0- 02   xy  f  v v v/m i
      vinserti128/vinserti32x4       B 66 0F3A 00 38 yz 16 v v x/m i
      vextracti128/vextracti32x4     B 66 0F3A 00 39 yz 16 x/m v i
      vinserti64x4      E 66 0F3A -1 3A   z   32 v v y/m i
      vextracti64x4     E 66 0F3A -1 3B   z   32 y/m v i
      vpinsrb           B 66 0F3A 0i 20   x   1  v v m i
      vpinsrw           B 66 0F   0i C4   x   2  v v m i
      vpinsrd           B 66 0F3A 00 22   x   4  v v m i
      vpinsrq           B 66 0F3A 11 22   x   8  v v m i
      vpbroadcastb      B 66 0F38 00 78   xyz 1  v x/m
      vpbroadcastw      B 66 0F38 00 79   xyz 2  v x/m
      vpbroadcastd      B 66 0F38 00 58   xyz 4  v x/m
      vpbroadcastq      B 66 0F38 01 59   xyz 8  v x/m
      vbroadcasti128/vbroadcasti32x4 B 66 0F38 00 5A yz 16 v m
      vbroadcasti64x4   E 66 0F38 -1 5B   z   32 v m
      vpmovsxbw         B 66 0F38 ii 20   xyz h  v h/m
      vpmovsxbd         B 66 0F38 ii 21   xyz q  v q/m
      vpmovsxwd         B 66 0F38 ii 23   xyz h  v h/m
      vpmovzxbw         B 66 0F38 ii 30   xyz h  v h/m
      vpmovzxbd         B 66 0F38 ii 31   xyz q  v q/m
      vpmovzxwd         B 66 0F38 ii 33   xyz h  v h/m
      vmovdqu/vmovdqu32 B f3 0F   i0 6F   xyz f  v v/m
      vmovdqu/vmovdqu32 B f3 0F   i0 7F   xyz f  m v
      vmovups           B np 0F   i0 10   xyz f  v v/m
      vmovups           B np 0F   i0 11   xyz f  m v
      vmovss            B f3 0F   i0 10   x   4  v m
      vmovss            B f3 0F   i0 11   x   4  m v
      vmovd             B 66 0F   00 6E   x   4  v g/m
      vmovd             B 66 0F   00 7E   x   4  g/m v
      vmovq             B 66 0F   11 6E   x   8  v r/m
      vmovq             B 66 0F   11 7E   x   8  r/m v
      vmovq             V f3 0F   i- 7E   x   8  v m
      vmovq             V 66 0F   i- D6   x   8  m v
      vpgatherdd        B 66 0F38 00 90   xyz 4  v s
      """;

  /**
   * An encoding.
   *
   * @param name as VEX has it, by which operations are known
   * @param memory a number of bytes, or f, h or q
   */
  record Entry(String name, String shown, String widths, String memory, List<String> operands) {
    /** Bytes that are read from memory, or written there. */
    int memoryBytes(int bits) {
      return switch (memory) {
        case "f" -> bits / 8;
        case "h" -> bits / 16;
        case "q" -> bits / 32;
        case "-" -> throw new EmulationFailure(shown + " takes no memory");
        default -> Integer.parseInt(memory);
      };
    }

    /** What EVEX counts displacements in. */
    int unit(int bits) {
      return memory.equals("-") ? 1 : memoryBytes(bits);
    }

    boolean hasImmediate() {
      return operands.getLast().equals("i");
    }
  }

  /** By {@link #key}. */
  private static final Map<String, Entry> ENTRIES = entries();

  private static final Map<String, VectorOperation> OPERATIONS = operations();

  private VectorTable() {}

  private static Map<String, Entry> entries() {
    var all = new HashMap<String, Entry>();
    for (String line : LINES.lines().toList()) {
      String[] words = line.split(" +");
      String[] names = words[0].split("/", -1);
      List<String> operands = Arrays.asList(words).subList(8, words.length);
      for (boolean evex : new boolean[] {false, true}) {
        String shown = names[evex ? names.length - 1 : 0];
        var entry = new Entry(names[0], shown, words[6], words[7], operands);
        char w = words[4].charAt(evex ? 1 : 0);
        if (words[1].equals(evex ? "V" : "E")) {
          continue;
        }
        for (int bit = 0; bit < 2; bit++) {
          if (w == 'i' || w == '0' + bit) {
            String key = key(evex, words[2], words[3], bit, words[5]);
            if (all.put(key, entry) != null) {
              throw new AssertionError("twice: " + line);
            }
          }
        }
      }
    }
    return all;
  }

  private static Map<String, VectorOperation> operations() {
    var all = new HashMap<String, VectorOperation>();
    FloatOperations.addTo(all);
    IntegerOperations.addTo(all);
    MoveOperations.addTo(all);
    return all;
  }

  private static String key(boolean evex, String prefix, String map, int w, String opcode) {
    return (evex ? "E " : "V ") + prefix + " " + map + " " + w + " " + opcode;
  }

  /** The encoding of an opcode, or of one whose ModRM has {@code digit}; null if there is none. */
  static Entry find(boolean evex, String prefix, String map, int w, int opcode, int digit) {
    Entry entry = ENTRIES.get(key(evex, prefix, map, w, "%02X".formatted(opcode)));
    return entry != null
        ? entry
        : ENTRIES.get(key(evex, prefix, map, w, "%02X/%d".formatted(opcode, digit)));
  }

  static VectorOperation operation(Entry entry) {
    VectorOperation operation = OPERATIONS.get(entry.name);
    if (operation == null) {
      throw new EmulationFailure(entry.name + " is in the table and has no operation");
    }
    return operation;
  }
}
