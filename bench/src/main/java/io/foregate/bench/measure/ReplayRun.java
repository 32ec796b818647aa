package io.foregate.bench.measure;

import io.foregate.backend.Routing;
import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.engine.experts.ExpertMovement;
import io.foregate.gate.ExpertPredictor;
import io.foregate.gate.trace.RoutingTrace;
import io.foregate.gate.trace.ScoreSet;
import io.foregate.gate.trace.TracePredictor;
import io.foregate.options.KvType;
import io.foregate.options.ModelOptions;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ScheduleStatistics;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A slice model under one policy, replaying the routing and the gate scores of a trace: real
 * kernels, real bytes, real copies over a throttled link, and choices that a trained model made.
 */
public final class ReplayRun implements AutoCloseable {
  private final Engine engine;
  private final Session session;
  private final RoutingTrace trace;
  private final Optional<TracePredictor> predictor;
  private final int[] token = new int[1];
  private int first;

  /**
   * @param experts what is measured, the predictor apart
   * @param threads of the CPU; 0 for all
   * @param tokens the most that one {@link #time} feeds
   */
  public ReplayRun(
      Path slice,
      RoutingTrace trace,
      ExpertMovement experts,
      String backend,
      int threads,
      int tokens) {
    this.trace = trace;
    this.predictor = predictor(trace, experts.policy());
    ExpertMovement replayed = experts;
    if (predictor.isPresent()) {
      ExpertPredictor only = predictor.get();
      replayed = experts.withReplay(() -> only);
    }
    ModelOptions options =
        ModelOptions.defaults()
            .withThreads(threads)
            .withContext(tokens)
            .withKvType(KvType.F16)
            .withBackend(backend);
    this.engine = Engine.open(slice, options, replayed);
    this.session = engine.newSession();
    session.onRouting((layer, position, routing, inputs) -> replay(layer, position, routing));
  }

  private static Optional<TracePredictor> predictor(RoutingTrace trace, Policy policy) {
    return switch (policy.prediction().predictor()) {
      case NONE -> Optional.empty();
      case NEXT_ROUTER -> Optional.of(TracePredictor.replaying(trace, ScoreSet.NEXT_ROUTER));
      case UNTRAINED -> Optional.of(TracePredictor.replaying(trace, ScoreSet.UNTRAINED));
      case ALIGNED -> Optional.of(TracePredictor.replaying(trace, ScoreSet.LOOKAHEAD));
      case ORACLE -> Optional.of(TracePredictor.oracle(trace, policy.prediction().horizon()));
    };
  }

  private void replay(int layer, int position, Routing routing) {
    int at = first + position;
    for (int rank = 0; rank < routing.used(); rank++) {
      routing.ids()[rank] = trace.expert(at, layer, rank);
      routing.weights()[rank] = trace.weight(at, layer, rank);
    }
  }

  /**
   * Decodes tokens of the trace, one at a time.
   *
   * @param from the first one
   * @param warmUp tokens that are not timed
   * @param timed tokens that are
   */
  public Sample time(int from, int warmUp, int timed) {
    session.truncate(0);
    first = from;
    predictor.ifPresent(p -> p.seek(from));
    feed(from, warmUp);
    Optional<ScheduleStatistics> before = engine.scheduleStatistics();
    long start = System.nanoTime();
    feed(from + warmUp, timed);
    long nanos = System.nanoTime() - start;
    return new Sample(
        nanos, engine.scheduleStatistics().map(after -> after.since(before.orElseThrow())));
  }

  private void feed(int from, int count) {
    for (int i = from; i < from + count; i++) {
      token[0] = trace.tokenId(i);
      session.feed(token, 0, 1);
    }
  }

  /**
   * One timing.
   *
   * @param experts what the scheduler did meanwhile; empty where all experts were resident
   */
  public record Sample(long nanos, Optional<ScheduleStatistics> experts) {}

  @Override
  public void close() {
    session.close();
    engine.close();
  }
}
