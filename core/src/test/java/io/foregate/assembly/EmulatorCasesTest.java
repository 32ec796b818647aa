package io.foregate.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.assembly.InstructionCase.Place;
import io.foregate.assembly.emulated.Decoder;
import io.foregate.assembly.emulated.EmulationFailure;
import io.foregate.assembly.emulated.Instruction;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every instruction that the assembler writes is read by the emulator's decoder as itself. */
class EmulatorCasesTest {
  @Test
  void everyCaseIsReadAsItself() {
    List<InstructionCase> cases = InstructionCase.all();
    assertThat(cases).hasSizeGreaterThan(5000);
    assertThat(cases.stream().filter(one -> !read(one).equals(expected(one))).limit(20))
        .extracting(one -> read(one) + ", not " + expected(one))
        .isEmpty();
  }

  private static Place place(InstructionCase one) {
    return one.operands().stream()
        .filter(Place.class::isInstance)
        .map(Place.class::cast)
        .findFirst()
        .orElse(new Place(false, false, 0));
  }

  private static Instruction decode(InstructionCase one) {
    byte[] code = HexFormat.of().parseHex(one.hex());
    return Decoder.decode(code, place(one).before() ? InstructionCase.GAP : 0);
  }

  private static String read(InstructionCase one) {
    try {
      return decode(one).toString();
    } catch (EmulationFailure e) {
      return e.getMessage();
    }
  }

  /** The case's text without its labels, in the decoder's spelling. */
  private static String expected(InstructionCase one) {
    Place place = place(one);
    String text =
        one.text().replace("there:nop;nop;nop; ", "").replace("; nop;nop;nop; there:", "");
    int end = one.hex().length() / 2 - (place.before() ? 0 : InstructionCase.GAP);
    int label = place.before() ? 0 : end + InstructionCase.GAP;
    text =
        text.replaceFirst(
            "\\[rip\\+there.*?]", "[code%+d]".formatted(label + place.displacement()));
    text = text.replaceFirst(" there$", " code%+d".formatted(label));
    text = text.replaceFirst("^\\{e?vex} ", "");
    return text.startsWith("v") ? text.replaceFirst(", -1$", ", 255") : text;
  }

  @ParameterizedTest
  @CsvSource({
    "c5e858,                 ends",
    "c5e8ffcb,               is not known",
    "62f16cc858cb,           zeroing",
    "62f16c5858cb,           broadcast",
    "62f16c4958cb,           mask k1",
    "62f1ec4858cb,           is not known",
    "c5e86fcb,               is not known",
    "c5f25bcb,               a register between",
    "c4e269900c88,           do not differ",
    "62f27d48900488,         without a mask",
    "0faec0,                 is not known",
    "f390,                   is not known",
    "01c8,                   of this kind",
    "48ffc0,                 is not known",
  })
  void whatIsNotWrittenByUsIsAnError(String hex, String because) {
    byte[] code = HexFormat.of().parseHex(hex);
    assertThatThrownBy(() -> Decoder.decode(code, 0))
        .isInstanceOf(EmulationFailure.class)
        .hasMessageContaining(because);
  }
}
