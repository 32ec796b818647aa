package io.foregate.schedule.sim;

import io.foregate.gate.ExpertPredictor;
import io.foregate.gate.trace.RoutingTrace;
import io.foregate.gate.trace.ScoreSet;
import io.foregate.gate.trace.TraceHeader;
import io.foregate.gate.trace.TracePredictor;
import io.foregate.schedule.CopyOrder;
import io.foregate.schedule.ScheduleListener;
import io.foregate.schedule.Scheduler;
import io.foregate.schedule.Wave;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.ScheduleStatistics;
import java.util.Arrays;

/**
 * Replays a trace in virtual time: decoding, token by token, with the scheduler, cache and policies
 * that run for real. There are two resources, which work at the same time: the device, which does
 * one thing after the other, and the link. Nothing is random, so the same input gives the same
 * result.
 *
 * <p>Per layer: attention; the router's choice falls due; the predictor speaks, if there is one;
 * experts run in waves as they become ready, on the device or on the CPU. After the last layer come
 * logits and sampling. When a copy and a step end together, the copy ends first.
 */
final class Simulation {
  /** Replayed scores need none. */
  private static final float[] NO_INPUT = {};

  private final RoutingTrace trace;
  private final Profile profile;
  private final Scheduler scheduler;
  private final SimulatedLink link;
  private final ExpertPredictor predictor;
  private final float[] probabilities;
  private final int[] chosen;
  private final Wave wave;
  private long now;
  private long computeNanos;

  /**
   * @param slots as {@link io.foregate.schedule.SlotCount} gives them for the policy
   */
  Simulation(
      RoutingTrace trace, Profile profile, Policy policy, int slots, ScheduleListener listener) {
    TraceHeader header = trace.header();
    var grid = new ExpertGrid(header.layers(), header.experts(), header.used());
    var bytes = new long[header.layers()];
    Arrays.fill(bytes, profile.expertBytes());
    this.trace = trace;
    this.profile = profile;
    this.scheduler =
        new Scheduler(
            grid, policy, slots, bytes, profile.copyStreams(), profile.timings(), listener);
    this.link = new SimulatedLink(profile);
    this.predictor = predictor(trace, policy);
    this.probabilities = new float[predictor == null ? 0 : predictor.horizon() * header.experts()];
    this.chosen = new int[header.used()];
    this.wave = new Wave(header.experts());
  }

  /** What replays a policy's predictor; {@code null} for none. */
  private static ExpertPredictor predictor(RoutingTrace trace, Policy policy) {
    return switch (policy.prediction().predictor()) {
      case NONE -> null;
      case NEXT_ROUTER -> TracePredictor.replaying(trace, ScoreSet.NEXT_ROUTER);
      case UNTRAINED -> TracePredictor.replaying(trace, ScoreSet.UNTRAINED);
      case ALIGNED -> TracePredictor.replaying(trace, ScoreSet.LOOKAHEAD);
      case ORACLE -> TracePredictor.oracle(trace, policy.prediction().horizon());
    };
  }

  /**
   * Replays all tokens.
   *
   * @param warmUp tokens that come first and are not counted
   */
  SimulatedRun run(int warmUp) {
    decode(0, warmUp);
    ScheduleStatistics before = scheduler.statistics();
    long start = now;
    long computed = computeNanos;
    decode(warmUp, trace.tokens());
    return new SimulatedRun(
        trace.tokens() - warmUp,
        now - start,
        computeNanos - computed,
        scheduler.statistics().since(before));
  }

  private void decode(int from, int to) {
    for (int token = from; token < to; token++) {
      scheduler.begin(1, now);
      startCopies();
      if (predictor != null && !scheduler.complete()) {
        predictor.predictToken(trace.tokenId(token), probabilities);
        compute(profile.gatesNanos());
        predicted(-1);
      }
      for (int layer = 0; layer < trace.header().layers(); layer++) {
        layer(token, layer);
      }
      compute(profile.headNanos());
    }
  }

  private void layer(int token, int layer) {
    compute(profile.attentionNanos());
    for (int rank = 0; rank < chosen.length; rank++) {
      chosen[rank] = trace.expert(token, layer, rank);
    }
    scheduler.routed(layer, chosen, 1, now);
    startCopies();
    if (predictor != null && !scheduler.complete()) {
      predictor.observe(layer, chosen, 0, chosen.length);
      predictor.predict(layer, NO_INPUT, probabilities);
      compute(profile.gatesNanos());
      predicted(layer);
    }
    runExperts();
    scheduler.layerDone(layer, now);
    startCopies();
  }

  private void predicted(int layer) {
    scheduler.predicted(layer, probabilities, predictor.horizon(), now);
    startCopies();
  }

  private void runExperts() {
    while (true) {
      Scheduler.Ready ready = scheduler.next(wave, now);
      startCopies();
      switch (ready) {
        case FINISHED -> {
          return;
        }
        case WAIT -> await();
        case RUN -> {
          long each = wave.onHost() ? profile.hostExpertNanos() : profile.expertNanos();
          compute(wave.count() * each);
          scheduler.release(wave, now);
          startCopies();
        }
      }
    }
  }

  private void await() {
    if (link.isIdle()) {
      throw new IllegalStateException(
          "policy %s waits for experts that nobody copies".formatted(scheduler.policy().name()));
    }
    advance(link.nextEnd());
  }

  /** Lets the device work, and the link beside it, which may slow it down. */
  private void compute(long nanos) {
    long start = now;
    double left = nanos;
    while (left > 0) {
      double speed = link.isIdle() ? 1 : profile.computeWhileCopying();
      long end = now + Math.round(left / speed);
      if (link.isIdle() || link.nextEnd() > end) {
        advance(end);
        left = 0;
      } else {
        left -= (link.nextEnd() - now) * speed;
        advance(link.nextEnd());
      }
    }
    computeNanos += now - start;
  }

  private void advance(long until) {
    while (!link.isIdle() && link.nextEnd() <= until) {
      now = link.nextEnd();
      scheduler.copyDone(link.finish(), now);
      startCopies();
    }
    now = until;
  }

  private void startCopies() {
    for (CopyOrder order = scheduler.nextCopy(now);
        order != null;
        order = scheduler.nextCopy(now)) {
      link.start(order, now);
    }
  }
}
