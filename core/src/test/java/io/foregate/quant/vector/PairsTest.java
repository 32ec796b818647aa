package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.junit.jupiter.api.Test;

/** {@link Pairs} against products one by one, with codes and activations at their extremes. */
class PairsTest {
  private static final int[] CODES = {0, 1, 62, 63};
  private static final short[] ACTIVATIONS = {-128, -127, -1, 0, 1, 127};

  private final Random random = new Random(1);

  @Test
  void aLaneIsTheDotProductOfFourCodes() {
    for (int round = 0; round < 10_000; round++) {
      int[] q = new int[32];
      short[] x = new short[32];
      for (int i = 0; i < 32; i++) {
        q[i] = CODES[random.nextInt(CODES.length)];
        x[i] = ACTIVATIONS[random.nextInt(ACTIVATIONS.length)];
      }
      int[] pairs = new int[16];
      Pairs.pack(x, 0, pairs, 0);
      int[] codes = new int[16];
      int[] expected = new int[8];
      for (int i = 0; i < 8; i++) {
        codes[i] = q[4 * i] | q[4 * i + 2] << 16;
        codes[8 + i] = q[4 * i + 1] | q[4 * i + 3] << 16;
        for (int j = 4 * i; j < 4 * i + 4; j++) {
          expected[i] += q[j] * x[j];
        }
      }
      IntVector even = Pairs.load(codes, 0).mul(Pairs.load(pairs, 0));
      IntVector odd = Pairs.load(codes, 8).mul(Pairs.load(pairs, 8));
      IntVector dots = even.add(odd).add(Pairs.HALF).lanewise(VectorOperators.ASHR, 16);
      assertThat(dots.toArray()).isEqualTo(expected);
    }
  }
}
