package io.foregate.quant.assembled.function;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
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
            },
            null);
    assertThat(written).isEmpty();
    assertThat(functions.get(2)).isEqualTo(functions.get(2));
    assertThat(written).containsExactly(2);
  }

  /** Which takes the code and the call, and needs no CPU that could run it. */
  @Test
  void whatRunsFunctionsElsewhereIsCalledInstead() {
    MemorySegment memory = MemorySegment.ofArray(new byte[1]);
    var runner =
        new FunctionRunner() {
          @Override
          public MemorySegment load(byte[] code) {
            return MemorySegment.ofAddress(code[0]);
          }

          @Override
          public float call(MemorySegment function, MemorySegment written, Object... arguments) {
            assertThat(written).isSameAs(memory);
            assertThat(arguments).containsExactly(memory, 5L);
            return function.address();
          }
        };
    var functions = new WrittenFunctions(9, number -> new byte[] {(byte) number}, runner);
    assertThat(functions.areElsewhere()).isTrue();
    assertThat(functions.call(7, memory, memory, 5L)).isEqualTo(7);
  }
}
