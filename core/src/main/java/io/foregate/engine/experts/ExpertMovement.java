package io.foregate.engine.experts;

import io.foregate.gate.ExpertPredictor;
import io.foregate.options.Offloading;
import io.foregate.options.SlotBudget;
import io.foregate.schedule.policy.Policy;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * How experts move: what the user chose, the policy's name made of parts. Experiments put in parts
 * that have no name.
 *
 * @param options what was chosen; {@link Policy#resident} looks at nothing but the policy, and has
 *     no timeline
 * @param policy how experts are cached and moved
 * @param replay makes the predictor of each session, whatever the policy says: for replaying
 *     recorded scores
 */
public record ExpertMovement(
    Offloading options, Policy policy, Optional<Supplier<ExpertPredictor>> replay) {

  /**
   * What the options name.
   *
   * @throws io.foregate.error.ForegateException if there is no such policy
   */
  public static ExpertMovement of(Offloading options) {
    return new ExpertMovement(options, Policy.named(options.policy().text()), Optional.empty());
  }

  /** The same with other device memory. */
  ExpertMovement withSlots(SlotBudget value) {
    return new ExpertMovement(options.withSlots(value), policy, replay);
  }

  /** The same with another policy. */
  public ExpertMovement withPolicy(Policy value) {
    return new ExpertMovement(options, value, replay);
  }

  /** The same with recorded scores. */
  public ExpertMovement withReplay(Supplier<ExpertPredictor> value) {
    return new ExpertMovement(options, policy, Optional.of(value));
  }
}
