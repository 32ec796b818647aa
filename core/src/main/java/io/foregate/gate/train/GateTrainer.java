package io.foregate.gate.train;

import io.foregate.gate.GateShape;
import io.foregate.gate.GateWeights;
import io.foregate.gate.LookaheadGates;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.ModelWeights;
import io.foregate.quant.vector.VectorKernels;
import io.foregate.quant.vector.VectorProvider;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntToDoubleFunction;

/**
 * Layer-wise gate alignment: trains lookahead gates to say what the model's routers will say, with
 * the model frozen. The gates of different points share nothing, so each is trained by one thread,
 * and the result depends on the plan alone.
 *
 * <p>Text comes in rounds, so that memory is bounded: train on some chunks, forget them, go on with
 * others. Used by one thread at a time.
 */
public final class GateTrainer implements AutoCloseable {
  private final GateShape shape;
  private final TrainingPlan plan;
  private final List<PointTrainer> points = new ArrayList<>();
  private final ExecutorService threads;
  private final TrainerState state;

  /** Begins with plug-and-play gates for {@code config}'s model. */
  public GateTrainer(GateShape shape, ModelConfig config, ModelWeights weights, TrainingPlan plan) {
    this(shape, LookaheadGates.routers(config, weights), plan);
  }

  GateTrainer(GateShape shape, float[][] routers, TrainingPlan plan) {
    this.shape = shape;
    this.plan = plan;
    VectorKernels kernels = VectorProvider.get().kernels();
    for (int p = 0; p < shape.points(); p++) {
      points.add(
          new PointTrainer(
              shape,
              p,
              new PointModel(shape, p, kernels, new GateLoss(shape, plan.chosen())),
              PointParameters.initial(shape, p, routers, plan.seed())));
    }
    this.state = new TrainerState(points.stream().map(p -> p.parameters().values.clone()).toList());
    this.threads =
        Executors.newFixedThreadPool(
            plan.threads(), Thread.ofPlatform().daemon().name("align-", 0).factory());
  }

  /** Sizes of the gates. */
  public GateShape shape() {
    return shape;
  }

  /** What has been done so far, apart from the gates themselves. */
  public TrainerState state() {
    return state;
  }

  TrainingPlan plan() {
    return plan;
  }

  List<PointTrainer> points() {
    return points;
  }

  /**
   * One round: trains on all samples, {@code passes} times, in random order.
   *
   * @return the mean loss, in nats
   */
  public double train(List<GateSamples> samples, int passes) {
    if (state.step == 0) {
      points.forEach(point -> point.startFromFrequency(samples));
    }
    List<List<GateSamples>> batches = batches(samples, passes);
    double loss =
        mean(
            p -> {
              double sum = 0;
              for (int i = 0; i < batches.size(); i++) {
                int step = state.step + i;
                sum += points.get(p).step(batches.get(i), plan.rateAt(step), step + 1);
              }
              return sum / batches.size();
            });
    state.step += batches.size();
    state.round++;
    return loss;
  }

  private List<List<GateSamples>> batches(List<GateSamples> samples, int passes) {
    List<List<GateSamples>> batches = new ArrayList<>();
    var random = new Random(plan.seed() + state.round);
    for (int pass = 0; pass < passes; pass++) {
      List<GateSamples> order = new ArrayList<>(samples);
      Collections.shuffle(order, random);
      for (int i = 0; i < order.size(); i += plan.batch()) {
        batches.add(order.subList(i, Math.min(i + plan.batch(), order.size())));
      }
    }
    return batches;
  }

  /**
   * Judges the gates as they are on text that they were not trained on, and keeps them if they are
   * the best so far.
   *
   * @return recall@k, the mean over points and distances
   */
  public double validate(List<GateSamples> held) {
    double recall = mean(p -> GateEvaluator.recall(points.get(p), shape, p, held));
    state.judged(recall, points);
    return recall;
  }

  /** The best gates so far, their probabilities fitted to {@code held}. */
  public LookaheadGates best(List<GateSamples> held) {
    var weights = new GateWeights[points.size()];
    mean(
        p -> {
          PointTrainer point = points.get(p);
          float[] now = point.parameters().values.clone();
          float[] best = state.best.get(p);
          System.arraycopy(best, 0, point.parameters().values, 0, best.length);
          weights[p] = point.parameters().weights(GateEvaluator.sharpness(point, shape, p, held));
          System.arraycopy(now, 0, point.parameters().values, 0, now.length);
          return 0;
        });
    return new LookaheadGates(shape, Arrays.asList(weights), true);
  }

  private double mean(IntToDoubleFunction work) {
    List<Future<Double>> results = new ArrayList<>();
    for (int p = 0; p < points.size(); p++) {
      int point = p;
      results.add(threads.submit(() -> work.applyAsDouble(point)));
    }
    double sum = 0;
    for (Future<Double> result : results) {
      sum += get(result);
    }
    return sum / points.size();
  }

  private static double get(Future<Double> result) {
    try {
      return result.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while training", e);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        default -> throw new IllegalStateException(e.getCause());
      }
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
