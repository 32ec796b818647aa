package io.foregate.quant.assembled.function;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import org.junit.jupiter.api.Test;

class WrittenFunctionsTest {
  @Test
  void aFunctionIsWrittenOnceWhenItIsNeeded() {
    var written = new ArrayList<Integer>();
    var functions =
        new WrittenFunctions(
            3,
            number -> {
              written.add(number);
              return new byte[] {(byte) 0xC3};
            });
    assertThat(written).isEmpty();
    assertThat(functions.get(2)).isEqualTo(functions.get(2));
    assertThat(written).containsExactly(2);
  }
}
