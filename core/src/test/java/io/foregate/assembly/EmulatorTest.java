package io.foregate.assembly;

import static io.foregate.assembly.Gpr.RAX;
import static io.foregate.assembly.Gpr.RBX;
import static io.foregate.assembly.Gpr.RCX;
import static io.foregate.assembly.Gpr.RDI;
import static io.foregate.assembly.Gpr.RDX;
import static io.foregate.assembly.Gpr.RSI;
import static io.foregate.assembly.Gpr.RSP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.assembly.emulated.EmulationFailure;
import io.foregate.assembly.emulated.Emulator;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the emulator refuses, and what no CPU with AVX2 can tell it: instructions that EVEX alone
 * has, and tiles, are held to what the manual says.
 */
class EmulatorTest {
  private static final int INTS = 16;

  private final Random random = new Random(9);

  private static Emulator emulator(Consumer<Assembler> code) {
    var assembler = new Assembler();
    code.accept(assembler);
    assembler.vzeroupper();
    assembler.ret();
    return new Emulator(assembler.finish());
  }

  private static void assertRefused(Consumer<Assembler> code, String because) {
    MemorySegment memory = MemorySegment.ofArray(new byte[64]);
    MemorySegment constant = MemorySegment.ofArray(new byte[64]).asReadOnly();
    Emulator emulator = emulator(code);
    assertThatThrownBy(() -> emulator.call(memory, 0L, constant))
        .isInstanceOf(EmulationFailure.class)
        .hasMessageContaining(because);
  }

  @Test
  void memoryBesideWhatIsGivenIsNotTouched() {
    assertRefused(
        a -> a.vmovdqu(Vec.ymm(1), Address.at(RDI, 33)),
        "vmovdqu ymm1, [rdi+33] at 0x0: reads 32 bytes at memory 0+33, which has 64");
    assertRefused(a -> a.vmovdqu(Vec.xmm(1), Address.at(RDI, -1)), "memory 0-1");
    assertRefused(a -> a.movl(Address.at(RDI, 61), RAX), "writes 4 bytes at memory 0+61");
    assertRefused(a -> a.movl(Address.at(RDX), RAX), "memory 2+0, which is read-only");
    assertRefused(a -> a.mov(RAX, Address.at(RSI)), "where nothing is");
    assertRefused(
        a -> {
          Label label = a.here();
          a.mov(Address.of(label), RAX);
        },
        "read-only");
  }

  @Test
  void whatACallerReliesOnIsKept() {
    assertRefused(a -> a.movl(RBX, 1), "RBX");
    assertRefused(a -> a.push(RAX), "not to its caller");
    assertRefused(
        a -> {
          a.pop(RCX);
          a.sub(RSP, 8);
          a.mov(Address.at(RSP), RAX);
        },
        "not to its caller");
    var dirty = new Assembler();
    dirty.vpcmpeqd(Vec.ymm(1), Vec.ymm(1), Vec.ymm(1));
    dirty.ret();
    MemorySegment none = MemorySegment.ofArray(new byte[1]);
    assertThatThrownBy(() -> new Emulator(dirty.finish()).call(none))
        .isInstanceOf(EmulationFailure.class)
        .hasMessageContaining("upper half");
  }

  @Test
  void flagsThatAreUndefinedAreNotAskedFor() {
    assertRefused(
        a -> {
          a.imul(RAX, RCX);
          a.jcc(Condition.EQUAL, a.here());
        },
        "undefined");
    assertRefused(
        a -> {
          a.shl(RAX, 3);
          a.jcc(Condition.LESS, a.here());
        },
        "undefined");
  }

  @Test
  void argumentsAreWhereSystemVHasThem() {
    Emulator sum =
        emulator(
            a -> {
              a.add(RDI, RSI);
              a.add(RDI, RDX);
              a.add(RDI, RCX);
              a.add(RDI, Gpr.R8);
              a.add(RDI, Gpr.R9);
              a.add(RDI, Address.at(RSP, 8));
              a.add(RDI, Address.at(RSP, 16));
              a.vmovd(Vec.xmm(1), RDI);
              a.vcvtdq2ps(Vec.xmm(1), Vec.xmm(1));
              a.vaddss(Vec.xmm(0), Vec.xmm(0), Vec.xmm(1));
            });
    assertThat(sum.call(1L, 20L, 300L, 0.5f, 4000L, 50_000L, 600_000L, 1_000_000L, 2_000_000L))
        .isEqualTo(3_654_321.5f);
  }

  /** Three vectors of random ints, of which an instruction makes the first anew. */
  private int[] made(int bits, int[] to, int[] x, int[] y, Instruction3 instruction) {
    MemorySegment memory = MemorySegment.ofArray(new int[3 * INTS]);
    for (int i = 0; i < INTS; i++) {
      memory.setAtIndex(ValueLayout.JAVA_INT, i, to[i]);
      memory.setAtIndex(ValueLayout.JAVA_INT, INTS + i, x[i]);
      memory.setAtIndex(ValueLayout.JAVA_INT, 2 * INTS + i, y[i]);
    }
    Emulator emulator =
        emulator(
            a -> {
              for (int i = 0; i < 3; i++) {
                a.vmovdqu(Vec.zmm(17 + i), Address.at(RDI, 64 * i));
              }
              instruction.write(a, new Vec(17, bits), new Vec(18, bits), new Vec(19, bits));
              a.vmovdqu(Address.at(RDI), Vec.zmm(17));
            });
    emulator.call(memory);
    return Arrays.copyOf(memory.toArray(ValueLayout.JAVA_INT), INTS);
  }

  /** Writes an instruction of three registers. */
  private interface Instruction3 {
    void write(Assembler a, Vec to, Vec x, Vec y);
  }

  private int[] ints() {
    int[] ints = new int[INTS];
    Arrays.setAll(
        ints,
        i ->
            switch (random.nextInt(3)) {
              case 0 -> random.nextInt();
              case 1 -> random.nextInt(40) | random.nextInt(40) << 16;
              default -> new int[] {-1, 0x7FFF_8000, 0x8080_8080, 0x7F7F_FFFF}[i % 4];
            });
    return ints;
  }

  /** An expected lane, of what was there and both sources. */
  private interface Lane {
    int of(int to, int x, int y);
  }

  private void assertLanes(Instruction3 instruction, Lane lane) {
    for (int bits : new int[] {128, 256, 512}) {
      for (int round = 0; round < 20; round++) {
        int[] to = ints();
        int[] x = ints();
        int[] y = ints();
        int[] expected = new int[INTS];
        for (int i = 0; i < bits / 32; i++) {
          expected[i] = lane.of(to[i], x[i], y[i]);
        }
        assertThat(made(bits, to, x, y, instruction)).isEqualTo(expected);
      }
    }
  }

  @Test
  void lanesOfEvexAreTheManuals() {
    assertLanes(
        Assembler::vpdpbusdEvex,
        (to, x, y) ->
            to
                + (x & 255) * (byte) y
                + (x >> 8 & 255) * (byte) (y >> 8)
                + (x >> 16 & 255) * (byte) (y >> 16)
                + (x >>> 24) * (y >> 24));
    assertLanes(
        Assembler::vpdpwssdEvex, (to, x, y) -> to + (short) x * (short) y + (x >> 16) * (y >> 16));
    assertLanes((a, to, x, y) -> a.vpternlogd(to, x, y, 0xCA), (to, x, y) -> (to & x) | (~to & y));
    assertLanes((a, to, x, y) -> a.vpternlogd(to, x, y, 0x96), (to, x, y) -> to ^ x ^ y);
    assertLanes((a, to, x, y) -> a.vpternlogd(to, x, y, 0x08), (to, x, y) -> ~to & x & y);
    assertLanes(Assembler::vprolvd, (_, x, y) -> x << y | x >>> -y);
    assertLanes(
        Assembler::vpsrlvw,
        (_, x, y) ->
            ((y & 0xFFFF) < 16 ? (x & 0xFFFF) >> (y & 0xFFFF) : 0)
                | (y >>> 16 < 16 ? (x >>> 16) >> (y >>> 16) << 16 : 0));
    assertLanes(
        Assembler::vpsllvw,
        (_, x, y) ->
            ((y & 0xFFFF) < 16 ? x << (y & 0xFFFF) & 0xFFFF : 0)
                | (y >>> 16 < 16 ? (x >>> 16) << (y >>> 16) << 16 : 0));
  }

  @ParameterizedTest
  @ValueSource(ints = {128, 256, 512})
  void permutationsOfEvexAreTheManuals(int bits) {
    int lanes = bits / 32;
    int[] to = ints();
    int[] x = ints();
    int[] y = ints();
    int[] expected = new int[INTS];
    for (int i = 0; i < lanes; i++) {
      int from = to[i] & 2 * lanes - 1;
      expected[i] = from < lanes ? x[from] : y[from - lanes];
    }
    assertThat(made(bits, to, x, y, Assembler::vpermi2d)).isEqualTo(expected);
    for (int i = 0; i < lanes; i++) {
      expected[i] = 0;
      for (int j = 0; j < 32; j += 8) {
        int from = x[i] >> j & 4 * lanes - 1;
        expected[i] |= ((y[from / 4] >> (from % 4 * 8)) & 0xFF) << j;
      }
    }
    assertThat(made(bits, to, x, y, Assembler::vpermb)).isEqualTo(expected);
    for (int i = 0; i < lanes; i++) {
      expected[i] = 0;
      for (int j = 0; j < 32; j += 16) {
        int from = x[i] >> j & 2 * lanes - 1;
        expected[i] |= ((y[from / 2] >> (from % 2 * 16)) & 0xFFFF) << j;
      }
    }
    assertThat(made(bits, to, x, y, Assembler::vpermw)).isEqualTo(expected);
  }

  @Test
  void halvesOf512BitsAreTheManuals() {
    int[] to = ints();
    int[] x = ints();
    int[] y = ints();
    int[] high = x.clone();
    System.arraycopy(y, 0, high, 8, 8);
    Instruction3 insert = (a, t, b, c) -> a.vinserti64x4(t, b, c.y(), 1);
    assertThat(made(512, to, x, y, insert)).isEqualTo(high);
    int[] upper = Arrays.copyOf(Arrays.copyOfRange(x, 8, 16), 16);
    Instruction3 extract = (a, t, b, _) -> a.vextracti64x4(t.y(), b, 1);
    assertThat(made(512, to, x, y, extract)).isEqualTo(upper);
    int[] third = Arrays.copyOf(Arrays.copyOfRange(x, 8, 12), 16);
    assertThat(made(512, to, x, y, (a, t, b, _) -> a.vextracti128(t.x(), b, 2))).isEqualTo(third);
    int[] exchanged = new int[16];
    for (int i = 0; i < 16; i++) {
      exchanged[i] = x[i / 8 * 8 + (i + 4) % 8];
    }
    Instruction3 permute = (a, t, b, _) -> a.vpermq(t, b, 0b01_00_11_10);
    assertThat(made(512, to, x, y, permute)).isEqualTo(exchanged);
    int[] byNumber = new int[16];
    Arrays.setAll(byNumber, i -> y[x[i] & 15]);
    assertThat(made(512, to, x, y, Assembler::vpermd)).isEqualTo(byNumber);
  }

  @Test
  void productsOfBf16AreAddedUp() {
    int two = 0x4000;
    int three = 0x4040;
    int half = 0x3F00;
    int subnormal = 0x0001;
    int[] x = new int[INTS];
    int[] y = new int[INTS];
    int[] to = new int[INTS];
    Arrays.fill(x, two << 16 | subnormal);
    Arrays.fill(y, three << 16 | 0x7F00);
    Arrays.fill(to, half << 16);
    int[] made = made(512, to, x, y, Assembler::vdpbf16ps);
    assertThat(made).containsOnly(Float.floatToRawIntBits(6.5f));
  }

  @ParameterizedTest
  @ValueSource(strings = {"signed", "unsigned", "signed by unsigned"})
  void tilesAreMultiplied(String kind) {
    int rows = 3;
    int depth = 8;
    int columns = 5;
    byte[] config = new byte[64];
    config[0] = 1;
    int[][] shapes = {{rows, 4 * columns}, {rows, depth}, {depth / 4, 4 * columns}};
    for (int i = 0; i < 3; i++) {
      config[48 + i] = (byte) shapes[i][0];
      config[16 + 2 * i] = (byte) shapes[i][1];
    }
    byte[] a = new byte[rows * depth];
    byte[] b = new byte[depth * columns];
    random.nextBytes(a);
    random.nextBytes(b);
    int[] c = new int[rows * columns];
    int[] expected = new int[rows * columns];
    for (int m = 0; m < rows; m++) {
      for (int n = 0; n < columns; n++) {
        for (int k = 0; k < depth; k++) {
          int x = a[m * depth + k];
          int y = b[k / 4 * 4 * columns + 4 * n + k % 4];
          expected[m * columns + n] +=
              (kind.equals("unsigned") ? x & 0xFF : x)
                  * (kind.equals("signed by unsigned") ? y & 0xFF : y);
        }
      }
    }
    Emulator emulator =
        emulator(
            code -> {
              code.ldtilecfg(Address.at(RDI));
              code.movl(RAX, depth);
              code.tileloadd(1, Address.at(RSI, RAX, 1, 0));
              code.movl(RAX, 4 * columns);
              code.tileloadd(2, Address.at(RDX, RAX, 1, 0));
              code.tilezero(0);
              switch (kind) {
                case "signed" -> code.tdpbssd(0, 1, 2);
                case "unsigned" -> code.tdpbusd(0, 1, 2);
                default -> code.tdpbsud(0, 1, 2);
              }
              code.tilestored(Address.at(RCX, RAX, 1, 0), 0);
              code.tilerelease();
            });
    emulator.call(
        MemorySegment.ofArray(config),
        MemorySegment.ofArray(a),
        MemorySegment.ofArray(b),
        MemorySegment.ofArray(c));
    assertThat(c).isEqualTo(expected);
  }
}
