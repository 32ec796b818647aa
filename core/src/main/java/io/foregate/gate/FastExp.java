package io.foregate.gate;

/** The exponential function in a few nanoseconds. */
final class FastExp {
  private static final float LOG2_E = 1.442695f;
  private static final float LIMIT = 126;

  private FastExp() {}

  /** {@code e^x} within 1e-5 (relative); beyond 2^126 and below 2^-126 those. */
  static float of(float x) {
    float exponent = Math.clamp(x * LOG2_E, -LIMIT, LIMIT);
    int whole = (int) (exponent + LIMIT + 1) - (int) LIMIT - 1; // floor
    float f = exponent - whole;
    // The Taylor series of 2^f around 1/2, which is where f is in the middle.
    float g = (f - 0.5f) * 0.6931472f;
    float series =
        1 + g * (1 + g * (0.5f + g * (1 / 6f + g * (1 / 24f + g * (1 / 120f + g / 720f)))));
    return 1.4142135f * series * Float.intBitsToFloat((whole + 127) << 23);
  }
}
