package io.foregate.assembly;

import static io.foregate.assembly.CpuExtension.AMX_BF16;
import static io.foregate.assembly.CpuExtension.AMX_INT8;
import static io.foregate.assembly.CpuExtension.AMX_TILE;
import static io.foregate.assembly.CpuExtension.AVX2;
import static io.foregate.assembly.CpuExtension.AVX512;
import static io.foregate.assembly.CpuExtension.AVX512_BF16;
import static io.foregate.assembly.CpuExtension.AVX512_VBMI;
import static io.foregate.assembly.CpuExtension.AVX512_VNNI;
import static io.foregate.assembly.CpuExtension.AVX_VNNI;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CpuFeaturesTest {
  private static final int OSXSAVE = 1 << 27;
  private static final int AVX_FMA_F16C = 1 << 28 | 1 << 12 | 1 << 29;

  /** x87, SSE, YMM, masks and ZMM, tiles: what Linux saves on a server. */
  private static final long EVERYTHING = 0x600E7;

  private static final FakeCpu SERVER =
      new FakeCpu(
          0x20,
          OSXSAVE | AVX_FMA_F16C,
          new int[] {
            1,
            1 << 5 | 1 << 16 | 1 << 17 | 1 << 30 | 1 << 31,
            1 << 1 | 1 << 11,
            1 << 22 | 1 << 24 | 1 << 25
          },
          1 << 4 | 1 << 5,
          EVERYTHING);

  /** A CPU's answers. As Intel's CPUs do, it answers beyond its last leaf with that leaf. */
  private record FakeCpu(int leaves, int oneEcx, int[] seven, int sevenOneEax, long saves)
      implements Cpuid {
    @Override
    public int[] leaf(int leaf, int subleaf) {
      if (leaf > leaves) {
        return new int[] {-1, -1, -1, -1};
      }
      return switch (leaf) {
        case 0 -> new int[] {leaves, 0, 0, 0};
        case 1 -> new int[] {0, 0, oneEcx, 0};
        case 7 -> subleaf == 0 ? seven : sevenOne(subleaf);
        default -> throw new AssertionError(leaf);
      };
    }

    private int[] sevenOne(int subleaf) {
      return subleaf <= seven[0] ? new int[] {sevenOneEax, 0, 0, 0} : new int[] {-1, -1, -1, -1};
    }

    @Override
    public long savedRegisters() {
      if ((oneEcx & OSXSAVE) == 0) {
        throw new AssertionError("XGETBV is an illegal instruction here");
      }
      return saves;
    }

    FakeCpu leaves(int count) {
      return new FakeCpu(count, oneEcx, seven, sevenOneEax, saves);
    }

    FakeCpu withoutOne(int bit) {
      return new FakeCpu(leaves, oneEcx & ~(1 << bit), seven, sevenOneEax, saves);
    }

    FakeCpu withoutSeven(int register, int bit) {
      int[] less = seven.clone();
      less[register] &= ~(1 << bit);
      return new FakeCpu(leaves, oneEcx, less, sevenOneEax, saves);
    }

    FakeCpu withoutSevenOne(int bit) {
      return new FakeCpu(leaves, oneEcx, seven, sevenOneEax & ~(1 << bit), saves);
    }

    FakeCpu saving(long registers) {
      return new FakeCpu(leaves, oneEcx, seven, sevenOneEax, registers);
    }
  }

  private static Set<CpuExtension> of(FakeCpu cpu) {
    return CpuFeatures.of(cpu).all();
  }

  @Test
  void findsAll() {
    assertThat(of(SERVER)).containsExactly(CpuExtension.values());
  }

  @Test
  void anOldCpuHasNone() {
    assertThat(of(SERVER.leaves(6))).isEmpty();
    assertThat(of(new FakeCpu(1, 0, new int[4], 0, 0))).isEmpty();
  }

  @Test
  void doesNotAskTheSystemsRegistersWhereTheInstructionIsIllegal() {
    assertThat(of(SERVER.withoutOne(27))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {12, 28, 29})
  void avx2ComesWithFmaAndF16(int bit) {
    assertThat(of(SERVER.withoutOne(bit))).containsExactly(AMX_TILE, AMX_INT8, AMX_BF16);
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 17, 30, 31})
  void avx512NeedsAllItsParts(int bit) {
    assertThat(of(SERVER.withoutSeven(1, bit)))
        .containsExactly(AVX2, AVX_VNNI, AMX_TILE, AMX_INT8, AMX_BF16);
  }

  @ParameterizedTest
  @CsvSource({
    "2, 11, AVX512_VNNI",
    "2, 1, AVX512_VBMI",
    "3, 25, AMX_INT8",
    "3, 22, AMX_BF16",
  })
  void eachHasItsBit(int register, int bit, CpuExtension feature) {
    assertMissing(SERVER.withoutSeven(register, bit), feature);
  }

  @ParameterizedTest
  @CsvSource({"4, AVX_VNNI", "5, AVX512_BF16"})
  void eachOfTheSecondLeafHasItsBit(int bit, CpuExtension feature) {
    assertMissing(SERVER.withoutSevenOne(bit), feature);
  }

  private static void assertMissing(FakeCpu cpu, CpuExtension feature) {
    assertThat(of(cpu)).doesNotContain(feature).hasSize(CpuExtension.values().length - 1);
  }

  @Test
  void aCpuWithoutTheSecondLeafIsNotAskedForIt() {
    assertThat(of(SERVER.withoutSeven(0, 0)))
        .containsExactly(AVX2, AVX512, AVX512_VNNI, AVX512_VBMI, AMX_TILE, AMX_INT8, AMX_BF16);
  }

  @ParameterizedTest
  @ValueSource(longs = {EVERYTHING & ~0x20, EVERYTHING & ~0x40, EVERYTHING & ~0x80})
  void aSystemThatDoesNotSaveZmmHasNoAvx512(long saved) {
    assertThat(of(SERVER.saving(saved)))
        .containsExactly(AVX2, AVX_VNNI, AMX_TILE, AMX_INT8, AMX_BF16);
  }

  @ParameterizedTest
  @ValueSource(longs = {EVERYTHING & ~0x20000, EVERYTHING & ~0x40000})
  void aSystemThatDoesNotSaveTilesHasNone(long saved) {
    assertThat(of(SERVER.saving(saved)))
        .containsExactly(AVX2, AVX_VNNI, AVX512, AVX512_VNNI, AVX512_BF16, AVX512_VBMI);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 3, 5})
  void aSystemThatDoesNotSaveYmmHasNone(long saved) {
    assertThat(of(SERVER.saving(saved))).isEmpty();
  }

  @Test
  void tilesNeedTheirBit() {
    assertThat(of(SERVER.withoutSeven(3, 24))).doesNotContain(AMX_TILE, AMX_INT8, AMX_BF16);
  }

  @ParameterizedTest
  @ValueSource(strings = {"aarch64", "x86", "riscv64", ""})
  void runsNothingOnOtherArchitectures(String architecture) {
    CpuFeatures found =
        CpuFeatures.detect(
            architecture,
            () -> {
              throw new AssertionError("code was run");
            });
    assertThat(found.all()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"amd64", "x86_64"})
  void asksWhereItCan(String architecture) {
    var answer = new CpuFeatures(Set.of(AVX2));
    assertThat(CpuFeatures.detect(architecture, () -> answer)).isSameAs(answer);
  }

  @Test
  void isImmutable() {
    var given = new HashSet<>(Set.of(AVX2));
    var features = new CpuFeatures(given);
    given.add(AVX512);
    assertThat(features.has(AVX2)).isTrue();
    assertThat(features.has(AVX512)).isFalse();
    assertThatThrownBy(() -> features.all().add(AVX512))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  /** The operating system's names of what each feature needs. */
  private static Map<CpuExtension, List<String>> flags() {
    return new EnumMap<>(
        Map.of(
            AVX2, List.of("avx2", "fma", "f16c"),
            AVX_VNNI, List.of("avx_vnni"),
            AVX512, List.of("avx512f", "avx512bw", "avx512vl", "avx512dq"),
            AVX512_VNNI, List.of("avx512_vnni"),
            AVX512_BF16, List.of("avx512_bf16"),
            AVX512_VBMI, List.of("avx512vbmi"),
            AMX_TILE, List.of("amx_tile"),
            AMX_INT8, List.of("amx_int8"),
            AMX_BF16, List.of("amx_bf16")));
  }

  @Test
  @EnabledOnOs(
      value = OS.LINUX,
      architectures = {"amd64", "x86_64"})
  void agreesWithLinux() throws IOException {
    Path file = Path.of("/proc/cpuinfo");
    assumeTrue(Files.isReadable(file) && runsCode(), "the CPU or the system cannot be asked");
    Optional<String> line =
        Files.readAllLines(file).stream().filter(one -> one.startsWith("flags")).findFirst();
    assumeTrue(line.isPresent(), "the system tells no flags");
    Set<String> known = new HashSet<>(Arrays.asList(line.get().split("\\s+")));
    CpuFeatures found = CpuFeatures.detect();
    flags()
        .forEach(
            (feature, names) ->
                assertThat(found.has(feature))
                    .as("%s, %s", feature, names)
                    .isEqualTo(known.containsAll(names)));
  }

  private static boolean runsCode() {
    Optional<CodeMemory> memory = CodeMemory.of(new byte[1]);
    memory.ifPresent(CodeMemory::close);
    return memory.isPresent();
  }

  /** CPUID writes RBX, in which a caller may keep what it needs. */
  @Test
  @SuppressWarnings("restricted")
  @EnabledOnOs(
      value = OS.LINUX,
      architectures = {"amd64", "x86_64"})
  void keepsTheCallersRegister() throws Throwable {
    var code = new Assembler();
    var after = new Label();
    code.push(Gpr.RBX);
    code.movabs(Gpr.RBX, 0x1234_5678_9ABCL);
    code.lea(Gpr.RAX, Address.of(after));
    code.push(Gpr.RAX); // where the next part returns to
    AssembledCpuid.writeLeaf(code);
    code.bind(after);
    code.mov(Gpr.RAX, Gpr.RBX);
    code.pop(Gpr.RBX);
    code.ret();
    Optional<CodeMemory> open = CodeMemory.of(code.finish());
    assumeTrue(open.isPresent(), "this system lets no code be run");
    try (CodeMemory memory = open.get();
        Arena arena = Arena.ofConfined()) {
      var number = ValueLayout.JAVA_INT;
      MethodHandle call =
          Linker.nativeLinker()
              .downcallHandle(
                  memory.at(0),
                  FunctionDescriptor.of(
                      ValueLayout.JAVA_LONG, number, number, ValueLayout.ADDRESS));
      MemorySegment answer = arena.allocate(number, 4);
      assertThat((long) call.invokeExact(0, 0, answer)).isEqualTo(0x1234_5678_9ABCL);
      assertThat(answer.getAtIndex(number, 0)).isPositive();
    }
  }
}
