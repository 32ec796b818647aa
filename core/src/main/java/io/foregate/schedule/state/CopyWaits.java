package io.foregate.schedule.state;

/**
 * What share of a copy's time would be waited for if nothing were copied ahead. The experts of a
 * layer that are there run first and hide copies of the others; where they hide all of it, no guess
 * can gain anything. Reckoned for each layer of decoding from how many of its experts had to be
 * copied for it, ahead or not, so that it does not depend on what the policy does. All times in
 * nanoseconds.
 */
public final class CopyWaits {
  /** Weight of a layer. */
  private static final double WEIGHT = 1.0 / 256;

  private double waited;
  private double copied;
  private double share = 1;

  /**
   * A layer's experts are due.
   *
   * @param brought how many of them were copied for it, or still have to be
   * @param there how many were there anyway
   * @param copy one expert's copy; 0 for unknown
   * @param expert one expert's computing; 0 for unknown
   */
  public void due(int brought, int there, double copy, double expert) {
    if (brought > 0 && copy > 0 && expert > 0) {
      waited += WEIGHT * (stall(brought, there, copy, expert) - waited);
      copied += WEIGHT * (brought * copy - copied);
    }
  }

  /** The wait for copies that begin together with the computing of what is there. */
  private static double stall(int brought, int there, double copy, double expert) {
    double computed = there * expert;
    double stall = 0;
    for (int i = 1; i <= brought; i++) {
      double wait = Math.max(0, i * copy - computed);
      stall += wait;
      computed += wait + expert;
    }
    return stall;
  }

  /** A token begins: the share stays the same until the next one. */
  public void begin() {
    share = copied > 0 ? waited / copied : 1;
  }

  /** Between 0, nothing is waited for, and 1, all of it; 1 as long as nothing is known. */
  public double share() {
    return share;
  }
}
