package io.foregate.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CodeMemoryTest {
  private static final int SEVERAL_PAGES = 10_000;

  /** Memory of an arena, from a system that may refuse. */
  private static final class FakePages implements CodePages {
    private final Arena arena;
    private final boolean maps;
    private final boolean protects;
    private int released;

    FakePages(Arena arena, boolean maps, boolean protects) {
      this.arena = arena;
      this.maps = maps;
      this.protects = protects;
    }

    @Override
    public Optional<MemorySegment> writable(long bytes) {
      return maps ? Optional.of(arena.allocate(bytes)) : Optional.empty();
    }

    @Override
    public boolean makeExecutable(MemorySegment memory) {
      return protects;
    }

    @Override
    public void release(MemorySegment memory) {
      released++;
    }
  }

  /** What adds two numbers and 7. */
  private static byte[] sum() {
    var code = new Assembler();
    code.align(64);
    code.lea(Gpr.RAX, Address.at(Gpr.RDI, Gpr.RSI, 1, 7));
    code.ret();
    return code.finish();
  }

  @SuppressWarnings("restricted")
  private static long call(MemorySegment function, long a, long b) throws Throwable {
    var number = ValueLayout.JAVA_LONG;
    var handle =
        Linker.nativeLinker()
            .downcallHandle(function, FunctionDescriptor.of(number, number, number));
    return (long) handle.invokeExact(a, b);
  }

  private static CodeMemory open(byte[] code) {
    Optional<CodeMemory> memory = CodeMemory.of(code);
    assumeTrue(memory.isPresent(), "this system lets no code be run");
    return memory.get();
  }

  /** What /proc/self/maps lets be done at an address, as "r-xp"; empty if nothing is there. */
  private static String access(long address) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
      String[] words = line.split(" ", 3);
      String[] range = words[0].split("-", 2);
      if (Long.parseUnsignedLong(range[0], 16) <= address
          && Long.parseUnsignedLong(range[1], 16) > address) {
        return words[1];
      }
    }
    return "";
  }

  @Test
  @EnabledOnOs(
      value = OS.LINUX,
      architectures = {"amd64", "x86_64"})
  void runsCode() throws Throwable {
    try (CodeMemory memory = open(sum())) {
      assertThat(call(memory.at(0), 1L << 40, -3)).isEqualTo((1L << 40) + 4);
    }
  }

  @Test
  @EnabledOnOs(
      value = OS.LINUX,
      architectures = {"amd64", "x86_64"})
  void entersAtAnOffset() throws Throwable {
    var code = new Assembler();
    code.movl(Gpr.RAX, 1);
    code.ret();
    Label second = code.here();
    code.movl(Gpr.RAX, 2);
    code.ret();
    try (CodeMemory memory = open(code.finish())) {
      assertThat(call(memory.at(0), 0, 0)).isEqualTo(1);
      assertThat(call(memory.at(second.offset), 0, 0)).isEqualTo(2);
      assertThatThrownBy(() -> memory.at(1000)).isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void isNeverWritableAndExecutable() throws IOException {
    CodePages pages = LinuxCodePages.find("Linux").orElseThrow();
    MemorySegment written = pages.writable(SEVERAL_PAGES).orElseThrow();
    try {
      assertThat(access(written.address())).isEqualTo("rw-p");
      assertThat(access(written.address() + SEVERAL_PAGES - 1)).isEqualTo("rw-p");
    } finally {
      pages.release(written);
    }
    try (CodeMemory memory = open(new byte[SEVERAL_PAGES])) {
      assertThat(access(memory.at(0).address())).isEqualTo("r-xp");
      assertThat(access(memory.at(SEVERAL_PAGES - 1).address())).isEqualTo("r-xp");
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void closingGivesThePagesBack() throws IOException {
    CodeMemory memory = open(new byte[SEVERAL_PAGES]);
    long first = memory.at(0).address();
    memory.close();
    // Another thread may have been given the same place since, but not to run code of ours.
    assertThat(access(first)).isNotEqualTo("r-xp");
    assertThat(access(first + SEVERAL_PAGES - 1)).isNotEqualTo("r-xp");
  }

  @Test
  void closesOnce() {
    try (Arena arena = Arena.ofConfined()) {
      var pages = new FakePages(arena, true, true);
      CodeMemory memory = CodeMemory.of(sum(), pages).orElseThrow();
      assertThat(memory.at(0).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(sum());
      assertThat(pages.released).isZero();
      memory.close();
      memory.close();
      assertThat(pages.released).isEqualTo(1);
      assertThatThrownBy(() -> memory.at(0))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("closed");
    }
  }

  @Test
  void isEmptyWhereTheSystemHasNoMemory() {
    try (Arena arena = Arena.ofConfined()) {
      var pages = new FakePages(arena, false, true);
      assertThat(CodeMemory.of(sum(), pages)).isEmpty();
      assertThat(pages.released).isZero();
    }
  }

  @Test
  void isEmptyWhereTheSystemLetsNothingBeRun() {
    try (Arena arena = Arena.ofConfined()) {
      var pages = new FakePages(arena, true, false);
      assertThat(CodeMemory.of(sum(), pages)).isEmpty();
      assertThat(pages.released).isEqualTo(1);
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void whatLinuxRefusesIsEmpty() {
    CodePages pages = LinuxCodePages.find("Linux").orElseThrow();
    assertThat(pages.writable(1L << 60)).isEmpty();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment notAPage = arena.allocate(8, 8).asSlice(1);
      assertThat(pages.makeExecutable(notAPage)).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Mac OS X", "Windows 11", "FreeBSD", ""})
  void isForLinuxOnly(String system) {
    assertThat(LinuxCodePages.find(system)).isEmpty();
  }

  @Test
  void refusesNoCode() {
    try (Arena arena = Arena.ofConfined()) {
      var pages = new FakePages(arena, true, true);
      assertThatThrownBy(() -> CodeMemory.of(new byte[0], pages))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("no code: 0 bytes were given, and at least 1 is needed");
    }
  }
}
