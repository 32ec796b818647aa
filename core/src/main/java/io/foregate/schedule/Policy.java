package io.foregate.schedule;

import io.foregate.error.ForegateException;
import io.foregate.gate.LookaheadGates;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How experts are cached and moved: a bundle of choices, every combination of which the same {@link
 * Scheduler} carries out. A policy moves bytes; it never changes what is computed.
 *
 * @param name as {@code --policy} takes it
 * @param predictor who predicts
 * @param horizon layers that the predictor looks ahead
 * @param crossToken whether predictions beyond a token's last layer are used
 * @param scope what the cache's slots are divided into
 * @param eviction who goes first
 * @param staging slots kept free, within the same budget, so that copies can start at once; for
 *     {@link Scope#LAYER}
 * @param prefetch what is copied before it is needed
 * @param prefetchCount most experts prefetched per layer; for {@link Prefetch#NEXT_LAYER}
 * @param writeBack whether an evicted expert is copied back to the host
 * @param hostFallback whether a missing expert may be computed on the processor instead
 * @param tuning constants of {@link Prefetch#VALUE} and {@link Eviction#PREDICTED}
 */
public record Policy(
    String name,
    PredictorKind predictor,
    int horizon,
    boolean crossToken,
    Scope scope,
    Eviction eviction,
    int staging,
    Prefetch prefetch,
    int prefetchCount,
    boolean writeBack,
    boolean hostFallback,
    Tuning tuning) {

  /** What the slots are divided into. */
  public enum Scope {
    /** Nothing is kept: an expert's slot is free again as soon as the expert has run. */
    NOTHING,
    /** Each layer has its own share of the slots. */
    LAYER,
    /** One pool for all layers. */
    GLOBAL
  }

  /** What is copied before it is needed. */
  public enum Prefetch {
    NOTHING,
    /** The next layer's most probable experts, once this layer's are there, into staging slots. */
    NEXT_LAYER,
    /** Whatever gains most, while it gains more than it costs. */
    VALUE,
    /** Every expert, once. */
    EVERYTHING
  }

  /** Layers that lookahead gates look ahead. */
  public static final int HORIZON = LookaheadGates.DEFAULT_HORIZON;

  /** Staging buffers of Mixtral-offloading's published code. */
  private static final int STAGING = 4;

  /** Experts that Mixtral-offloading prefetches, unless told otherwise: top-k of Mixtral. */
  private static final int PREFETCHED = 2;

  /** Every expert has a slot. */
  public static Policy resident() {
    return plain("resident", Scope.GLOBAL, 0).withPrefetch(Prefetch.EVERYTHING, 0);
  }

  /** Every use is a copy; nothing is kept beyond the layer. */
  public static Policy onDemand() {
    return plain("on-demand", Scope.NOTHING, 0);
  }

  /**
   * Mixtral-offloading's public code made fair: LRU per layer, four staging slots, all missing
   * experts of a layer issued at once, those that are there run first, no write-back.
   */
  public static Policy lru() {
    return plain("lru", Scope.LAYER, STAGING);
  }

  /** {@link #lru}, copying every evicted expert back to the host as the published code does. */
  public static Policy lruAsPublished() {
    return lru().withName("lru-as-published").withWriteBack(true);
  }

  /**
   * Mixtral-offloading's paper (Eliseev and Mazur, arXiv 2312.17238): {@link #lru}, and the next
   * layer's likeliest experts are prefetched into the staging slots.
   */
  public static Policy mixtralOffloading() {
    return lru()
        .withName("mixtral-offloading")
        .withPredictor(PredictorKind.NEXT_ROUTER, 1, false)
        .withPrefetch(Prefetch.NEXT_LAYER, PREFETCHED);
  }

  /** Lookahead gates, one pool, eviction and copies by expected value. */
  public static Policy lookahead() {
    return plain("lookahead", Scope.GLOBAL, 0)
        .withPredictor(PredictorKind.ALIGNED, HORIZON, true)
        .withEviction(Eviction.PREDICTED)
        .withPrefetch(Prefetch.VALUE, 0);
  }

  /** {@link #lookahead}, and a missing expert may run on the processor. */
  public static Policy hybrid() {
    return lookahead().withName("hybrid").withHostFallback(true);
  }

  /** {@link #lookahead} with gates that are always right. */
  public static Policy oracle() {
    return lookahead().withName("oracle").withPredictor(PredictorKind.ORACLE, HORIZON, true);
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
    Policy base =
        lookahead().withEviction(Eviction.LRU).withPredictor(PredictorKind.NONE, 0, false);
    return List.of(
        lru(),
        base.withName("no-gates"),
        base.withName("untrained").withPredictor(PredictorKind.UNTRAINED, HORIZON, false),
        base.withName("aligned").withPredictor(PredictorKind.ALIGNED, HORIZON, false),
        lookahead()
            .withName("aligned-eviction")
            .withPredictor(PredictorKind.ALIGNED, HORIZON, false),
        lookahead());
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

  private static Policy plain(String name, Scope scope, int staging) {
    return new Policy(
        name,
        PredictorKind.NONE,
        0,
        false,
        scope,
        Eviction.LRU,
        staging,
        Prefetch.NOTHING,
        0,
        false,
        false,
        Tuning.DEFAULT);
  }

  /** The fewest slots that this policy works with. */
  public int leastSlots(ExpertGrid grid) {
    if (prefetch == Prefetch.EVERYTHING) {
      return grid.total();
    }
    return Math.min(grid.used() + staging, grid.total());
  }

  public Policy withName(String newName) {
    return new Policy(
        newName,
        predictor,
        horizon,
        crossToken,
        scope,
        eviction,
        staging,
        prefetch,
        prefetchCount,
        writeBack,
        hostFallback,
        tuning);
  }

  public Policy withPredictor(PredictorKind kind, int newHorizon, boolean acrossTokens) {
    return new Policy(
        name,
        kind,
        newHorizon,
        acrossTokens,
        scope,
        eviction,
        staging,
        prefetch,
        prefetchCount,
        writeBack,
        hostFallback,
        tuning);
  }

  public Policy withEviction(Eviction newEviction) {
    return new Policy(
        name,
        predictor,
        horizon,
        crossToken,
        scope,
        newEviction,
        staging,
        prefetch,
        prefetchCount,
        writeBack,
        hostFallback,
        tuning);
  }

  public Policy withPrefetch(Prefetch rule, int count) {
    return new Policy(
        name,
        predictor,
        horizon,
        crossToken,
        scope,
        eviction,
        staging,
        rule,
        count,
        writeBack,
        hostFallback,
        tuning);
  }

  public Policy withWriteBack(boolean back) {
    return new Policy(
        name,
        predictor,
        horizon,
        crossToken,
        scope,
        eviction,
        staging,
        prefetch,
        prefetchCount,
        back,
        hostFallback,
        tuning);
  }

  public Policy withHostFallback(boolean fallback) {
    return new Policy(
        name,
        predictor,
        horizon,
        crossToken,
        scope,
        eviction,
        staging,
        prefetch,
        prefetchCount,
        writeBack,
        fallback,
        tuning);
  }
}
