package io.foregate.inspect;

/**
 * The most tokens per second that a link to the device allows when experts that are not there are
 * copied over it: {@code link / (experts per token * (1 - hit rate) * bytes of an expert)}. Nothing
 * else is counted, so it is no forecast. Routing is taken as uniform: the hit rate is the share of
 * experts that the device holds.
 *
 * @param linkGbps the link's speed in 10^9 bytes per second
 * @param expertsPerToken experts that a token uses in all layers
 * @param hitRate share of them that is on the device
 * @param bytesPerToken to be copied for a token
 * @param tokensPerSecond the bound; {@code null} when nothing has to be copied
 * @param tokensPerSecondWithoutHits the bound if every expert had to be copied
 */
public record CopyBound(
    double linkGbps,
    int expertsPerToken,
    double hitRate,
    long bytesPerToken,
    Double tokensPerSecond,
    double tokensPerSecondWithoutHits) {

  /** PCIe 4.0 x16 as copies from pinned memory see it, about. */
  public static final double DEFAULT_LINK_GBPS = 25;

  /** The bound, or {@code null} for a model without experts and for one that does not fit. */
  public static CopyBound of(Inspection facts, VramFit fit, double linkGbps) {
    if (fit.experts() == 0 || fit.restBytes() < 0 || facts.shape().expertsUsed() <= 0) {
      return null;
    }
    int layers = fit.experts() / facts.shape().experts();
    int used = layers * Math.min(facts.shape().expertsUsed(), facts.shape().experts());
    double hitRate = (double) fit.expertSlots() / fit.experts();
    double allBytes = (double) used * facts.experts().bytesEach();
    long bytes = Math.round(allBytes * (1 - hitRate));
    return new CopyBound(
        linkGbps,
        used,
        hitRate,
        bytes,
        bytes == 0 ? null : linkGbps * 1e9 / bytes,
        linkGbps * 1e9 / allBytes);
  }
}
