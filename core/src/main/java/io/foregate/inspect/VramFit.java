package io.foregate.inspect;

import io.foregate.placement.DeviceBudget;
import io.foregate.report.Sizes;

/**
 * What of a model fits a device's memory: first all that every token needs, the KV cache, working
 * memory and what is left to the driver, then as many experts as the rest holds. Lookahead gates
 * are not counted: which there are is for a policy to say.
 *
 * @param vramBytes the device's memory
 * @param residentBytes weights other than experts, plus the KV cache
 * @param scratchBytes working memory
 * @param reserveBytes what is left to the driver
 * @param restBytes what is left for experts; negative when even the first parts do not fit
 * @param expertSlots experts that the rest holds, at most all
 * @param experts experts of the model; 0 in a dense model
 */
public record VramFit(
    long vramBytes,
    long residentBytes,
    long scratchBytes,
    long reserveBytes,
    long restBytes,
    long expertSlots,
    int experts) {

  /** What fits that many bytes. */
  public static VramFit of(Inspection facts, long vramBytes) {
    long cache = facts.kvCache() == null ? 0 : facts.kvCache().bytes();
    var budget = new DeviceBudget(vramBytes, facts.residentBytes(), cache, facts.scratchBytes());
    Inspection.ExpertTotals experts = facts.experts();
    boolean any = experts != null && experts.bytesEach() > 0;
    return new VramFit(
        vramBytes,
        budget.dense() + budget.kvCache(),
        budget.scratch(),
        budget.reserve(),
        budget.left(),
        any ? budget.experts(experts.bytesEach(), experts.count()) : 0,
        any ? experts.count() : 0);
  }

  /** One sentence. */
  public String verdict() {
    if (restBytes < 0) {
      return "Does not fit: what every token needs takes %s, %s more than there is."
          .formatted(
              Sizes.text(residentBytes + scratchBytes + reserveBytes), Sizes.text(-restBytes));
    }
    if (experts == 0) {
      return "All of it fits, with %s to spare.".formatted(Sizes.text(restBytes));
    }
    if (expertSlots == experts) {
      return "All of it fits, every expert included.";
    }
    return "Everything but the experts fits, and %d of %d experts (%d %%)."
        .formatted(expertSlots, experts, 100 * expertSlots / experts);
  }
}
