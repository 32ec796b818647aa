package io.foregate.assembly.emulated;

/** The flags that jumps ask for. Those that the manual calls undefined must not be asked for. */
final class Flags {
  private static final int ZERO = 1;
  private static final int SIGN = 2;
  private static final int CARRY = 4;
  private static final int OVERFLOW = 8;
  private static final int ALL = ZERO | SIGN | CARRY | OVERFLOW;

  private int set;
  private int defined;

  /** After {@code a + b}. */
  long add(long a, long b) {
    long sum = a + b;
    boolean carry = Long.compareUnsigned(sum, a) < 0;
    set(sum, carry, ((a ^ sum) & (b ^ sum)) < 0, ALL);
    return sum;
  }

  /** After {@code a - b}. */
  long subtract(long a, long b) {
    long difference = a - b;
    set(difference, Long.compareUnsigned(a, b) < 0, ((a ^ b) & (a ^ difference)) < 0, ALL);
    return difference;
  }

  /** After an operation on bits. */
  long bits(long result) {
    set(result, false, false, ALL);
    return result;
  }

  /** After a signed product. */
  long multiply(long a, long b) {
    long product = a * b;
    boolean overflow = Math.multiplyHigh(a, b) != product >> 63;
    set(product, overflow, overflow, CARRY | OVERFLOW);
    return product;
  }

  /** After a shift by a count that is not 0; positive to the left. */
  long shift(long a, int left) {
    boolean carry = (left > 0 ? a >>> (64 - left) : a >>> (-left - 1)) % 2 != 0;
    long result = left > 0 ? a << left : a >>> -left;
    set(result, carry, false, ALL & ~OVERFLOW);
    return result;
  }

  /** Whether a condition holds, by the number of its encoding. */
  boolean holds(int condition) {
    boolean yes =
        switch (condition >> 1) {
          case 1 -> is(CARRY);
          case 2 -> is(ZERO);
          case 3 -> is(CARRY) || is(ZERO);
          case 6 -> is(SIGN) != is(OVERFLOW);
          case 7 -> is(ZERO) || is(SIGN) != is(OVERFLOW);
          default -> throw new EmulationFailure("condition " + condition + " is not emulated");
        };
    return yes == (condition % 2 == 0);
  }

  private boolean is(int flag) {
    if ((defined & flag) == 0) {
      throw new EmulationFailure("a jump asks for a flag that is undefined");
    }
    return (set & flag) != 0;
  }

  private void set(long result, boolean carry, boolean overflow, int known) {
    set =
        (result == 0 ? ZERO : 0)
            | (result < 0 ? SIGN : 0)
            | (carry ? CARRY : 0)
            | (overflow ? OVERFLOW : 0);
    defined = known;
  }
}
