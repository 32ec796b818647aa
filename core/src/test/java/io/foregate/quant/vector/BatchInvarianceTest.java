package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.oracle.RandomBlocks;
import io.foregate.quant.assembled.RowProducts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What machine code computes for a token has the same bits, whatever batch the token is in and
 * wherever in it, and whatever rows are computed with it.
 */
class BatchInvarianceTest {
  private static final int ROWS = 45;
  private static final int TOKENS = 41;
  private static final int[] BATCHES = {1, 2, 3, 5, 8, 17, 33};

  /** Each number of tokens that a function has, and panels: emulated code takes its time. */
  private static final int[] FEW_BATCHES = {7, 8, 17};

  private static final int[] FIRST_ROWS = {0, 1, 7, 8, 29, ROWS};

  static Stream<Arguments> codeAndTypes() {
    return MachineCode.all().stream()
        .flatMap(code -> RowProducts.types().stream().map(type -> Arguments.of(code, type)));
  }

  @ParameterizedTest
  @MethodSource("codeAndTypes")
  void aTokensBitsDependOnNothingElse(MachineCode code, GgmlType type) {
    VectorKernels k = code.kernels();
    var random = new Random(3);
    int cols = type.blockSize() < 256 ? 352 : 768;
    float[] values = new float[TOKENS * cols];
    FloatArrays.setAll(values, i -> random.nextGaussian());
    var x = new ActivationRows(k, type, TOKENS, cols);
    for (int t = 0; t < TOKENS; t++) {
      x.set(values, t * cols, cols, t);
    }
    byte[] bytes = new RandomBlocks(random).weights(type, ROWS * cols, 1);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment w = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
      float[] alone = new float[TOKENS * ROWS];
      for (int t = 0; t < TOKENS; t++) {
        k.matVec(type, w, 0, cols, 0, ROWS, x, t, alone, t * ROWS, new Scratch());
      }
      for (int batch : code.emulated() ? FEW_BATCHES : BATCHES) {
        for (int first : new int[] {0, 1, TOKENS - batch}) {
          float[] y = new float[TOKENS * ROWS];
          for (int i = 1; i < FIRST_ROWS.length; i++) {
            k.matMul(
                type,
                w,
                0,
                cols,
                FIRST_ROWS[i - 1],
                FIRST_ROWS[i],
                x,
                first,
                first + batch,
                y,
                ROWS,
                0,
                new Scratch());
          }
          assertThat(Arrays.copyOfRange(y, first * ROWS, (first + batch) * ROWS))
              .as("tokens %d to %d", first, first + batch)
              .isEqualTo(Arrays.copyOfRange(alone, first * ROWS, (first + batch) * ROWS));
        }
      }
    }
  }
}
