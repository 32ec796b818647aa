package io.foregate.cli;

/**
 * What of a model fits a device's memory: first all that every token needs and the KV cache, then
 * as many experts as the rest holds. Working memory of a backend is not counted.
 *
 * @param vramBytes the device's memory
 * @param residentBytes weights other than experts, plus the KV cache
 * @param restBytes what is left for experts; negative when even the first part does not fit
 * @param expertSlots experts that the rest holds, at most all
 * @param experts experts of the model; 0 in a dense model
 */
record VramFit(long vramBytes, long residentBytes, long restBytes, long expertSlots, int experts) {

  static VramFit of(Inspection facts, long vramBytes) {
    long cache = facts.kvCache() == null ? 0 : facts.kvCache().bytes();
    long resident = facts.residentBytes() + cache;
    long rest = vramBytes - resident;
    Inspection.Experts experts = facts.experts();
    if (experts == null || experts.bytesEach() == 0) {
      return new VramFit(vramBytes, resident, rest, 0, 0);
    }
    long slots = Math.clamp(rest / experts.bytesEach(), 0, experts.count());
    return new VramFit(vramBytes, resident, rest, slots, experts.count());
  }

  /** One sentence. */
  String verdict() {
    if (restBytes < 0) {
      return "Does not fit: what every token needs takes %s, %s more than there is."
          .formatted(Sizes.text(residentBytes), Sizes.text(-restBytes));
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
