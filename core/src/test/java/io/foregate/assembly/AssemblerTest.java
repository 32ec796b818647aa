package io.foregate.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Holds every instruction to the bytes of GNU as. {@code -Dforegate.assembly.golden=true} writes
 * the golden file anew from the {@code as} of this machine.
 */
class AssemblerTest {
  private static final Path GOLDEN = Path.of("src/test/resources/assembly/golden.txt");

  private static final List<InstructionCase> CASES = InstructionCase.all();

  @TempDir Path folder;

  @Test
  void everyInstructionHasACase() {
    var covered = CASES.stream().map(InstructionCase::method).collect(Collectors.toSet());
    assertThat(InstructionCase.instructions()).isNotEmpty().allMatch(covered::contains);
  }

  @Test
  void writesTheGoldenBytes() throws IOException {
    agree(golden());
  }

  @Test
  void writesTheBytesOfGnuAs() throws IOException {
    assumeTrue(GnuAssembler.isHere(folder), "no GNU as for x86-64");
    var expected = new LinkedHashMap<String, String>();
    List<String> texts = CASES.stream().map(InstructionCase::text).toList();
    List<String> hex = GnuAssembler.hex(folder, texts);
    for (int i = 0; i < texts.size(); i++) {
      expected.put(texts.get(i), hex.get(i));
    }
    if (Boolean.getBoolean("foregate.assembly.golden")) {
      var lines = new ArrayList<String>();
      expected.forEach((text, bytes) -> lines.add(text + "\t" + bytes));
      Files.write(GOLDEN, lines);
    }
    agree(expected);
  }

  /** Compares what we write with what is expected, and lists the first that differ. */
  private static void agree(Map<String, String> expected) {
    assertThat(expected.keySet())
        .isEqualTo(CASES.stream().map(InstructionCase::text).collect(Collectors.toSet()));
    assertThat(CASES.stream().filter(one -> !one.hex().equals(expected.get(one.text()))).limit(20))
        .extracting(one -> one.text() + ": " + one.hex() + ", not " + expected.get(one.text()))
        .isEmpty();
  }

  private static Map<String, String> golden() throws IOException {
    var golden = new LinkedHashMap<String, String>();
    try (InputStream in = AssemblerTest.class.getResourceAsStream("/assembly/golden.txt")) {
      new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(line -> line.split("\t"))
          .forEach(line -> golden.put(line[0], line[1]));
    }
    return golden;
  }

  @Test
  void refusesALabelThatIsNotBound() {
    var assembler = new Assembler();
    assembler.jmp(new Label());
    assertThatThrownBy(assembler::finish).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void refusesToBindALabelTwice() {
    var assembler = new Assembler();
    Label label = assembler.here();
    assertThatThrownBy(() -> assembler.bind(label)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void refusesWhatHasNoEncoding() {
    var assembler = new Assembler();
    assertThatThrownBy(() -> assembler.vpcmpeqd(Vec.ymm(1), Vec.ymm(2), Vec.ymm(16)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("EVEX");
    assertThatThrownBy(() -> assembler.tileloadd(1, Address.at(Gpr.RAX)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("index");
    assertThatThrownBy(() -> Address.at(Gpr.RAX, Gpr.RSP, 1, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Address.at(Gpr.RAX, Gpr.RCX, 3, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3");
    assertThatThrownBy(() -> Vec.xmm(32)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void padsAndKeepsConstants() {
    var assembler = new Assembler();
    assembler.bytes(1, 255);
    assembler.align(4);
    assembler.ints(0x04030201);
    assertThat(assembler.size()).isEqualTo(8);
    assertThat(assembler.finish()).containsExactly(1, 255, 0x90, 0x90, 1, 2, 3, 4);
  }
}
