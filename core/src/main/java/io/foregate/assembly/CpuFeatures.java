package io.foregate.assembly;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;

/**
 * What instructions the CPU has and the operating system lets programs use: it must save their
 * registers when threads change. Both are asked by instructions, as the manual's volume 1, chapters
 * 13.2 to 15.4 and 18.3, has it; names of flags differ between systems and their versions.
 *
 * @param all unmodifiable
 */
public record CpuFeatures(Set<CpuExtension> all) {
  private static final int EAX = 0;
  private static final int EBX = 1;
  private static final int ECX = 2;
  private static final int EDX = 3;

  // Bits of XCR0.
  private static final long YMM = 0b110;
  private static final long ZMM = 0b1110_0110;
  private static final long TILES = 0b11L << 17;

  private static final int[] NOTHING = new int[4];

  public CpuFeatures {
    var copy = EnumSet.noneOf(CpuExtension.class);
    copy.addAll(all);
    all = Collections.unmodifiableSet(copy);
  }

  /** Whether code may use {@code extension}. */
  public boolean has(CpuExtension extension) {
    return all.contains(Objects.requireNonNull(extension, "extension"));
  }

  /** Asks the CPU. None where it is not an x86-64 or the system lets no code of ours be run. */
  public static CpuFeatures detect() {
    return detect(System.getProperty("os.arch"), CpuFeatures::ask);
  }

  /** The same; {@code ask} is called if {@code architecture} is one whose code it could run. */
  static CpuFeatures detect(String architecture, Supplier<CpuFeatures> ask) {
    return switch (architecture) {
      case "amd64", "x86_64" -> ask.get();
      default -> new CpuFeatures(Set.of());
    };
  }

  private static CpuFeatures ask() {
    return AssembledCpuid.open()
        .map(
            cpuid -> {
              try (cpuid) {
                return of(cpuid);
              }
            })
        .orElse(new CpuFeatures(Set.of()));
  }

  /** What the answers of a CPU mean. */
  static CpuFeatures of(Cpuid cpu) {
    int leaves = cpu.leaf(0, 0)[EAX];
    int[] one = cpu.leaf(1, 0);
    int[] seven = leaves >= 7 ? cpu.leaf(7, 0) : NOTHING; // beyond, Intel's answer with the last
    int[] sevenOne = seven[EAX] >= 1 ? cpu.leaf(7, 1) : NOTHING;
    boolean asksSystem = bits(one[ECX], 27); // OSXSAVE
    long saved = asksSystem ? cpu.savedRegisters() : 0;
    boolean ymm = (saved & YMM) == YMM;
    boolean zmm = (saved & ZMM) == ZMM;
    boolean tiles = (saved & TILES) == TILES;

    var found = EnumSet.noneOf(CpuExtension.class);
    if (ymm && bits(one[ECX], 28, 12, 29) && bits(seven[EBX], 5)) { // AVX, FMA, F16C
      found.add(CpuExtension.AVX2);
      addIf(bits(sevenOne[EAX], 4), CpuExtension.AVX_VNNI, found);
      if (zmm && bits(seven[EBX], 16, 17, 30, 31)) { // F, DQ, BW, VL
        found.add(CpuExtension.AVX512);
        addIf(bits(seven[ECX], 11), CpuExtension.AVX512_VNNI, found);
        addIf(bits(sevenOne[EAX], 5), CpuExtension.AVX512_BF16, found);
        addIf(bits(seven[ECX], 1), CpuExtension.AVX512_VBMI, found);
      }
    }
    if (tiles && bits(seven[EDX], 24)) {
      found.add(CpuExtension.AMX_TILE);
      addIf(bits(seven[EDX], 25), CpuExtension.AMX_INT8, found);
      addIf(bits(seven[EDX], 22), CpuExtension.AMX_BF16, found);
    }
    return new CpuFeatures(found);
  }

  private static void addIf(boolean condition, CpuExtension extension, Set<CpuExtension> to) {
    if (condition) {
      to.add(extension);
    }
  }

  private static boolean bits(int register, int... bits) {
    for (int bit : bits) {
      if ((register >> bit & 1) == 0) {
        return false;
      }
    }
    return true;
  }
}
