package io.foregate.template;

/**
 * What one rendering may use. Both sums grow with what the template is given, so that a long
 * conversation meets no limit that a short one does not.
 *
 * @param steps evaluation steps; looking at eight characters counts as one
 * @param bytes bytes of all values that are made, whether or not they are still used
 * @param depth how deeply evaluation, macros and values may nest
 */
public record Limits(long steps, long bytes, int depth) {
  private static final int STEPS_PER_CHAR = 32;
  private static final int BYTES_PER_CHAR = 64;

  /** Far above what a model's template needs, and passed within a second. */
  public static final Limits DEFAULT = new Limits(4_000_000, 24L << 20, 400);

  /** These and what so many characters of input add. */
  public Limits plusInput(long chars) {
    return new Limits(steps + STEPS_PER_CHAR * chars, bytes + BYTES_PER_CHAR * chars, depth);
  }
}
