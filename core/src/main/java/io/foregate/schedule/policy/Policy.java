package io.foregate.schedule.policy;

import io.foregate.error.ForegateException;
import io.foregate.gate.LookaheadGates;
import io.foregate.schedule.state.ExpertGrid;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How experts are cached and moved: a bundle of parts, every combination of which the same {@code
 * Scheduler} carries out. A policy moves bytes; it never changes what is computed.
 *
 * @param name as {@code --policy} takes it
 * @param summary what it does, in a few words, for {@code --help}
 * @param prediction who predicts
 * @param division what the cache's slots are divided into
 * @param eviction who goes first
 * @param prefetch what is copied before it is needed
 * @param hostFallback whether a missing expert may be computed on the CPU instead
 */
public record Policy(
    String name,
    String summary,
    Prediction prediction,
    SlotDivision division,
    Eviction eviction,
    Prefetch prefetch,
    boolean hostFallback) {

  /** Layers that lookahead gates look ahead. */
  public static final int HORIZON = LookaheadGates.DEFAULT_HORIZON;

  /** Staging buffers of Mixtral-offloading's published code. */
  private static final int STAGING = 4;

  /** Experts that Mixtral-offloading prefetches, unless told otherwise: top-k of Mixtral. */
  private static final int PREFETCHED = 2;

  /** Every expert has a slot. */
  public static Policy resident() {
    return plain("resident", "all are there", new SlotPerExpert()).withPrefetch(new PrefetchAll());
  }

  /** Every use is a copy; nothing is kept beyond the layer. */
  public static Policy onDemand() {
    return plain("on-demand", "none is kept", new NoCaching());
  }

  /**
   * Mixtral-offloading's public code made fair: LRU per layer, four staging slots, all missing
   * experts of a layer issued at once, those that are there run first, no write-back.
   */
  public static Policy lru() {
    return plain("lru", "each layer keeps those used last", new PerLayerPools(STAGING));
  }

  /** {@link #lru}, copying every evicted expert back to the host as the published code does. */
  public static Policy lruAsPublished() {
    return lru()
        .withName("lru-as-published")
        .withSummary("as lru, copying evicted ones back")
        .withEviction(new LeastRecentlyUsed(true));
  }

  /**
   * Mixtral-offloading's paper (Eliseev and Mazur, arXiv 2312.17238): {@link #lru}, and the next
   * layer's likeliest experts are prefetched into the staging slots.
   */
  public static Policy mixtralOffloading() {
    return lru()
        .withName("mixtral-offloading")
        .withSummary("as lru, fetching the next layer's likeliest")
        .withPrediction(new Prediction(PredictorKind.NEXT_ROUTER, 1, false))
        .withPrefetch(new PrefetchNextLayer(PREFETCHED));
  }

  /** Lookahead gates, one pool, eviction and copies by expected value. */
  public static Policy lookahead() {
    return plain("lookahead", "gates say which to fetch and keep", new SharedPool())
        .withPrediction(new Prediction(PredictorKind.ALIGNED, HORIZON, true))
        .withEviction(new LeastValuable())
        .withPrefetch(new PrefetchByGain());
  }

  /** {@link #lookahead}, and a missing expert may run on the CPU. */
  public static Policy hybrid() {
    return lookahead()
        .withName("hybrid")
        .withSummary("as lookahead, the CPU computing some that are missing")
        .withHostFallback(true);
  }

  /** {@link #lookahead} with gates that are always right. */
  public static Policy oracle() {
    return lookahead()
        .withName("oracle")
        .withSummary("as lookahead, with gates that are always right")
        .withPrediction(new Prediction(PredictorKind.ORACLE, HORIZON, true));
  }

  /** All named policies. */
  public static List<Policy> all() {
    return List.of(
        resident(),
        onDemand(),
        lru(),
        lruAsPublished(),
        mixtralOffloading(),
        lookahead(),
        hybrid(),
        oracle());
  }

  /**
   * From {@link #lru} to {@link #lookahead}, one part at a time: one pool and idle-time copies
   * without gates, untrained gates, aligned gates, eviction that knows the predictions, predictions
   * across the token boundary.
   */
  public static List<Policy> ablations() {
    Policy base = lookahead().withEviction(new LeastRecentlyUsed()).withPrediction(Prediction.NONE);
    return List.of(
        lru(),
        base.withName("no-gates"),
        base.withName("untrained").withPrediction(within(PredictorKind.UNTRAINED)),
        base.withName("aligned").withPrediction(within(PredictorKind.ALIGNED)),
        lookahead().withName("aligned-eviction").withPrediction(within(PredictorKind.ALIGNED)),
        lookahead());
  }

  /** The token's own layers only. */
  private static Prediction within(PredictorKind predictor) {
    return new Prediction(predictor, HORIZON, false);
  }

  /**
   * The policy or ablation of that name, in upper or lower case.
   *
   * @throws ForegateException when there is none
   */
  public static Policy named(String name) {
    return Stream.concat(all().stream(), ablations().stream())
        .filter(policy -> policy.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ForegateException(
                    "There is no policy '%s'.".formatted(name),
                    "Policies are "
                        + all().stream().map(Policy::name).collect(Collectors.joining(", "))
                        + "."));
  }

  private static Policy plain(String name, String summary, SlotDivision division) {
    return new Policy(
        name, summary, Prediction.NONE, division, new LeastRecentlyUsed(), new NoPrefetch(), false);
  }

  /** The fewest slots that this policy works with. */
  public int leastSlots(ExpertGrid grid) {
    return division.leastSlots(grid);
  }

  /** Whether every expert has a slot for good, so that none is ever moved. */
  public boolean keepsAll() {
    return division.keepsAll();
  }

  /** Experts that are prefetched per layer, where that is a constant; else 0. */
  public int prefetchCount() {
    return prefetch.count();
  }

  /** The same policy with another such constant. */
  public Policy withPrefetchCount(int count) {
    return withPrefetch(prefetch.withCount(count));
  }

  public Policy withName(String value) {
    return new Policy(value, summary, prediction, division, eviction, prefetch, hostFallback);
  }

  public Policy withSummary(String value) {
    return new Policy(name, value, prediction, division, eviction, prefetch, hostFallback);
  }

  public Policy withPrediction(Prediction value) {
    return new Policy(name, summary, value, division, eviction, prefetch, hostFallback);
  }

  public Policy withEviction(Eviction value) {
    return new Policy(name, summary, prediction, division, value, prefetch, hostFallback);
  }

  public Policy withPrefetch(Prefetch value) {
    return new Policy(name, summary, prediction, division, eviction, value, hostFallback);
  }

  public Policy withHostFallback(boolean value) {
    return new Policy(name, summary, prediction, division, eviction, prefetch, value);
  }
}
