package io.foregate.tornado.products;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Device memory in which variants keep activations as they multiply them. TornadoVM has no empty
 * arrays.
 *
 * @param codes of 8 bits, or f16
 * @param factors what they are to be multiplied with
 * @param sums of tiles, see {@link io.foregate.kernels.MmaTiles}
 */
public record ProductBuffers(IntArray codes, FloatArray factors, FloatArray sums) {

  /**
   * How many elements of each.
   *
   * @param codes words
   */
  public record Size(int codes, int factors, int sums) {
    static final Size NONE = new Size(0, 0, 0);

    /** What serves both, one after the other. */
    public Size or(Size other) {
      return new Size(
          Math.max(codes, other.codes),
          Math.max(factors, other.factors),
          Math.max(sums, other.sums));
    }

    public long bytes() {
      return 4L * codes + 4L * factors + 4L * sums;
    }
  }

  /**
   * What decides how much is needed.
   *
   * @param tokens of the largest batch; 1 of a token alone
   * @param longest elements of a token that one product reads
   * @param used networks that a token passes
   */
  public record Load(int tokens, int longest, int used) {}

  public static ProductBuffers of(Size size) {
    return new ProductBuffers(
        new IntArray(Math.max(1, size.codes())),
        new FloatArray(Math.max(1, size.factors())),
        new FloatArray(Math.max(1, size.sums())));
  }
}
