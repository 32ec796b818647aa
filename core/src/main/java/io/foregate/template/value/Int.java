package io.foregate.template.value;

import java.math.BigInteger;

/** An integer of any size: {@code big} is null where {@code small} holds it. */
public record Int(long small, BigInteger big) implements Value {
  private static final Int[] CACHE = new Int[1280];
  private static final int CACHED_BELOW_ZERO = 256;

  static {
    for (int i = 0; i < CACHE.length; i++) {
      CACHE[i] = new Int(i - CACHED_BELOW_ZERO, null);
    }
  }

  public static Int of(long value) {
    long index = value + CACHED_BELOW_ZERO;
    return index >= 0 && index < CACHE.length ? CACHE[(int) index] : new Int(value, null);
  }

  public static Int of(BigInteger value) {
    return value.bitLength() < Long.SIZE ? of(value.longValue()) : new Int(0, value);
  }

  public boolean isSmall() {
    return big == null;
  }

  public BigInteger exact() {
    return big == null ? BigInteger.valueOf(small) : big;
  }

  /** The value, or the nearest that an int can be: enough where it is a count or a place. */
  public int clamped() {
    if (big != null) {
      return big.signum() < 0 ? Integer.MIN_VALUE : Integer.MAX_VALUE;
    }
    return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, small));
  }

  @Override
  public String typeName() {
    return "int";
  }

  @Override
  public boolean truth() {
    return big != null || small != 0;
  }
}
