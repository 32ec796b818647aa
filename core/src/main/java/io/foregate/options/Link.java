package io.foregate.options;

import io.foregate.error.ForegateException;
import java.util.Locale;
import java.util.Objects;

/**
 * How copies are to reach expert slots.
 *
 * @param gbps GB/s at which copies run, for backends whose link is an imitation; 0 for as fast as
 *     they can
 * @param engine what makes the copies, by the name that the backend gives it, in lower case; {@link
 *     #AUTO} for its best
 */
public record Link(double gbps, String engine) {
  /** The engine that the backend thinks best. */
  public static final String AUTO = "auto";

  /** As fast as it can. */
  public static final double DEFAULT_GBPS = 0;

  /** As fast as it can, as the backend thinks best. */
  public static final Link DEFAULT = new Link(DEFAULT_GBPS, AUTO);

  /**
   * Upper and lower case are the same.
   *
   * @throws ForegateException if the speed is none
   */
  public Link {
    engine = Objects.requireNonNull(engine, "engine").toLowerCase(Locale.ROOT);
    if (!(gbps >= 0 && gbps < Double.POSITIVE_INFINITY)) {
      throw new ForegateException(
          "The link's speed is %s GB/s, expected 0 or more.".formatted(gbps),
          "16 GB/s is a fast PCIe 3 link; 0 is as fast as memory.");
    }
  }

  /**
   * For backends with one engine.
   *
   * @throws ForegateException if another one was asked for
   */
  public void requireAuto(String backend) {
    Objects.requireNonNull(backend, "backend");
    if (!engine.equals(AUTO)) {
      throw new ForegateException(
          "Backend %s has no copy engine '%s'.".formatted(backend, engine),
          "Leave the [[copy engine]] to the backend.");
    }
  }
}
