package io.foregate.schedule.sim;

import java.util.List;

/** A machine whose times are round numbers: microseconds. */
final class TestProfiles {
  static final int ATTENTION = 10;
  static final int EXPERT = 5;
  static final int HOST_EXPERT = 40;
  static final int HEAD = 7;
  static final int GATES = 1;

  private TestProfiles() {}

  /**
   * One copy at a time.
   *
   * @param copyMicros a copy, of which 2 are latency
   */
  static Profile copying(double copyMicros) {
    return streams(copyMicros, 1);
  }

  static Profile streams(double copyMicros, int streams) {
    double bytes = 1e6;
    double gbps = bytes / ((copyMicros - 2) * 1e3);
    return new Profile(
        "test",
        "a test",
        Profile.MEASURED,
        0,
        0,
        (long) bytes,
        gbps,
        2,
        streams,
        ATTENTION,
        GATES,
        EXPERT,
        HOST_EXPERT,
        HEAD,
        1,
        List.of());
  }
}
