package io.foregate.template;

import java.time.Clock;
import java.time.ZoneId;
import java.util.Objects;

/**
 * How to render.
 *
 * @param clock what {@code strftime_now} reads
 * @param limits what the rendering may use
 */
public record RenderOptions(Clock clock, Limits limits) {
  /** Checks that nothing is null. */
  public RenderOptions {
    Objects.requireNonNull(clock, "clock");
    Objects.requireNonNull(limits, "limits");
  }

  /** The system's clock and the limits for templates of unknown origin. */
  public static RenderOptions defaults() {
    return new RenderOptions(Clock.system(ZoneId.systemDefault()), Limits.DEFAULT);
  }
}
