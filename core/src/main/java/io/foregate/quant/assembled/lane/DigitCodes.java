package io.foregate.quant.assembled.lane;

import io.foregate.assembly.Assembler;
import io.foregate.assembly.Operand;
import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.activation.ActivationLayout;
import java.util.List;
import java.util.stream.IntStream;

/**
 * TQ1_0's codes: digits to the base of three, five to a byte and four in a block's last four bytes.
 * A byte is a fraction of 256: three to the power of n times it leaves a fraction that begins with
 * digit n, and three times that has the digit above the fraction.
 */
final class DigitCodes implements LaneCodes {
  /** Sub-blocks whose bytes are the first 32, then come those of the next 16. */
  private static final int PAIRED = 10;

  /** The sub-block whose digits are the last four bytes'. */
  private static final int LAST = 15;

  /** Bytes of half a {@link #window}. */
  private static final int HALF = 32;

  /** Where its second half begins in the block: it ends with the last byte of codes. */
  private static final int SECOND_HALF = 20;

  private static final int LOW_BYTES = 0x00FF00FF;

  @Override
  public int above(ProductFrame f, int lane) {
    return 0;
  }

  @Override
  public int greatest() {
    return 2;
  }

  @Override
  public int centre() {
    return 1;
  }

  /** Where in a {@link #window} the four codes {@code 4 k} and following of a lane are. */
  private static int offset(int lane, int k) {
    int sub = ActivationLayout.subBlock(lane);
    if (sub < PAIRED) {
      return 4 * k + sub % 2 * 16;
    }
    return HALF - SECOND_HALF + (sub == LAST ? 48 : 32 + 4 * k);
  }

  /** Three to the power of the digit, in both words. */
  private static int power(int lane, int k) {
    int sub = ActivationLayout.subBlock(lane);
    int digit = sub == LAST ? k : sub < PAIRED ? sub / 2 : sub - PAIRED;
    return (int) Math.pow(3, digit) * 0x00010001;
  }

  @Override
  public void read(ProductFrame f, int part, Vec[] to) {
    int first = part * f.lanes();
    int taken = f.taken();
    WordWindow window = window(f, first);
    Vec odd = f.take();
    for (int k = 0; k < REGISTERS; k++) {
      int register = k;
      window.permute(f, to[k], k);
      digits(f, to[k], odd, f.constants.lanes(lane -> power(first + lane, register)));
    }
    f.release(taken);
  }

  /** Loads the block's first 32 bytes, and the 32 that its codes end with. */
  private static WordWindow window(ProductFrame f, int first) {
    List<int[]> words =
        IntStream.range(0, REGISTERS)
            .mapToObj(
                k -> IntStream.range(0, f.lanes()).map(lane -> offset(first + lane, k)).toArray())
            .toList();
    Vec low = f.take();
    f.a.vmovdqu(low.y(), f.weights(0));
    if (f.bits == 512) {
      f.a.vinserti64x4(low, low, f.weights(SECOND_HALF), 1);
      return new WordWindow(0, words, List.of(low));
    }
    if (first + f.lanes() <= PAIRED) {
      return new WordWindow(0, words, List.of(low));
    }
    Vec high = f.take();
    f.a.vmovdqu(high, f.weights(SECOND_HALF));
    return new WordWindow(0, words, List.of(low, high));
  }

  /** Lets each byte become its digit: bytes in even places, and those in odd ones, as words. */
  private static void digits(ProductFrame f, Vec bytes, Vec odd, Operand powers) {
    Assembler a = f.a;
    a.vpsrlw(odd, bytes, 8);
    a.vpand(bytes, bytes, f.constants.lanes(_ -> LOW_BYTES));
    for (Vec word : new Vec[] {bytes, odd}) {
      a.vpmullw(word, word, powers);
      a.vpand(word, word, f.constants.lanes(_ -> LOW_BYTES));
      a.vpmullw(word, word, f.constants.lanes(_ -> 0x00030003));
    }
    a.vpsrlw(bytes, bytes, 8);
    a.vpand(odd, odd, f.constants.lanes(_ -> ~LOW_BYTES));
    a.vpor(bytes, bytes, odd);
  }
}
