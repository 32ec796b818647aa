package io.foregate.engine;

import io.foregate.error.ForegateException;
import io.foregate.gate.GateShape;
import io.foregate.gate.LookaheadGates;
import io.foregate.gate.train.GateCheckpoint;
import io.foregate.gate.train.GateSamples;
import io.foregate.gate.train.GateTrainer;
import io.foregate.gate.train.TrainingPlan;
import io.foregate.gguf.ModelHash;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Aligns a model's lookahead gates on calibration text, round by round: runs the model over some
 * chunks, trains on what it did, forgets them. Some chunks are held out for validation, and
 * training stops early when they gain nothing any more. Used by one thread.
 */
public final class GateAlignment {
  private static final int BATCH = 1;
  private static final float RATE = 3e-3f;

  /** Weight of the loss's term for the chosen experts. */
  private static final float CHOSEN = 0.1f;

  /** One chunk in so many is held out. */
  private static final int HELD_OUT = 16;

  private static final int MAX_HELD_OUT = 32;

  /** Validations without progress after which training stops. */
  private static final int PATIENCE = 4;

  /** What samples of a round may take outside the heap, unless told otherwise. */
  private static final long ROUND_BYTES = 256L << 20;

  /**
   * What is wished for.
   *
   * @param horizon layers to look ahead
   * @param hidden width of the gates' hidden layer; 0 for none
   * @param tokens of calibration text, at most
   * @param length tokens of a chunk
   * @param roundTokens tokens between two checkpoints, at most; 0 for what fits 256 MiB
   * @param passes over a round's samples
   * @param seed of everything random
   * @param checkpoint file that holds the training between rounds
   * @param resume whether to go on from it, if it is there
   */
  public record Options(
      int horizon,
      int hidden,
      long tokens,
      int length,
      long roundTokens,
      int passes,
      long seed,
      Path checkpoint,
      boolean resume) {}

  /** Told how it goes, on the aligning thread; may throw to stop. */
  public interface Listener {
    /** Training begins, or goes on: {@code done} of {@code total} chunks are behind. */
    void begun(int done, int total);

    /** One more chunk has been run. */
    void collected();

    /** A round has been trained. */
    void trained(int round, int rounds, double loss, double recall);
  }

  /**
   * What came of it.
   *
   * @param tokens trained on, each counted once
   * @param rounds trained, of {@code planned}
   * @param recall the best validation's recall@k, mean over points and distances
   */
  public record Result(LookaheadGates gates, long tokens, int rounds, int planned, double recall) {}

  private final Engine engine;
  private final Options options;
  private final GateShape shape;
  private final TextChunks text;
  private final List<Integer> held = new ArrayList<>();
  private final List<Integer> train = new ArrayList<>();
  private final int roundSize;

  /**
   * @param files calibration text
   * @throws ForegateException if the model has no experts, or the text is too short
   */
  public GateAlignment(Engine engine, List<Path> files, Options options) {
    this.engine = engine;
    this.options = options;
    this.shape = shape(engine, options);
    int count = Math.toIntExact(Math.max(2, options.tokens() / options.length()));
    this.text = new TextChunks(files, engine.tokenizer(), options.length(), count);
    if (text.count() < 2) {
      throw new ForegateException(
          "The calibration text gives %d chunk of %d tokens, expected 2 or more."
              .formatted(text.count(), options.length()),
          "Give more [[text]].");
    }
    divide();
    long wanted =
        options.roundTokens() == 0
            ? ROUND_BYTES / GateSamples.bytes(shape, options.length())
            : options.roundTokens() / options.length();
    this.roundSize = Math.clamp(wanted, 1, train.size());
  }

  private static GateShape shape(Engine engine, Options options) {
    if (!engine.config().isMoe()) {
      throw new ForegateException(
          "%s: the model is dense: it has no experts to predict.".formatted(engine.file().path()),
          "Align a Mixture-of-Experts model.");
    }
    if (options.horizon() >= engine.config().routedLayers()) {
      throw new ForegateException(
          "The horizon is %d layers, and the model has only %d with experts."
              .formatted(options.horizon(), engine.config().routedLayers()),
          "Choose a [[horizon]] of fewer layers than the model has.");
    }
    return GateShape.of(engine.config(), options.horizon(), options.hidden());
  }

  /** Holds out chunks evenly, and shuffles the others. */
  private void divide() {
    int wanted = Math.clamp(text.count() / HELD_OUT, 1, MAX_HELD_OUT);
    int every = text.count() / wanted;
    for (int i = 0; i < text.count(); i++) {
      boolean out = i % every == every / 2 && held.size() < wanted;
      (out ? held : train).add(i);
    }
    Collections.shuffle(train, new Random(options.seed()));
  }

  /** Sizes of the gates. */
  public GateShape shape() {
    return shape;
  }

  /** Aligns. */
  public Result run(Listener listener) {
    int rounds = Math.ceilDiv(train.size(), roundSize);
    var plan =
        new TrainingPlan(
            rounds * options.passes() * Math.ceilDiv(roundSize, BATCH),
            RATE,
            CHOSEN,
            BATCH,
            options.seed(),
            engine.threads());
    ModelHash model = ModelHash.of(engine.file());
    List<GateSamples> validation = List.of();
    try (var collector = new GateCollector(engine, shape);
        var trainer = new GateTrainer(shape, engine.config(), engine.weights(), plan)) {
      if (options.resume() && Files.exists(options.checkpoint())) {
        GateCheckpoint.read(options.checkpoint(), trainer, model, task());
      }
      int begin = trainer.state().round();
      listener.begun(Math.min(train.size(), begin * roundSize), held.size() + train.size());
      validation = collect(collector, held, listener);
      for (int round = begin; round < rounds && trainer.state().stale() < PATIENCE; round++) {
        double loss = trainRound(collector, trainer, round, listener);
        double recall = trainer.validate(validation);
        GateCheckpoint.write(options.checkpoint(), trainer, model, task());
        listener.trained(round + 1, rounds, loss, recall);
      }
      int done = trainer.state().round();
      return new Result(
          trainer.best(validation),
          Math.min((long) done * roundSize, train.size()) * options.length(),
          done,
          rounds,
          trainer.state().bestRecall());
    } finally {
      validation.forEach(GateSamples::close);
    }
  }

  private double trainRound(
      GateCollector collector, GateTrainer trainer, int round, Listener listener) {
    int from = round * roundSize;
    List<GateSamples> samples =
        collect(collector, train.subList(from, Math.min(from + roundSize, train.size())), listener);
    try {
      return trainer.train(samples, options.passes());
    } finally {
      samples.forEach(GateSamples::close);
    }
  }

  private List<GateSamples> collect(
      GateCollector collector, List<Integer> chunks, Listener listener) {
    List<GateSamples> samples = new ArrayList<>();
    try {
      for (int chunk : chunks) {
        samples.add(collector.collect(text.tokens(chunk)));
        listener.collected();
      }
      return samples;
    } catch (RuntimeException | Error e) {
      samples.forEach(GateSamples::close);
      throw e;
    }
  }

  /** Whatever a checkpoint must have in common with this to be gone on from. */
  private String task() {
    return "%s, %d + %d stretches of %d, %d per round, %d passes, seed %d"
        .formatted(
            shape,
            train.size(),
            held.size(),
            options.length(),
            roundSize,
            options.passes(),
            options.seed());
  }
}
