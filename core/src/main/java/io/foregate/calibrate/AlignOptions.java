package io.foregate.calibrate;

import io.foregate.gate.LookaheadGates;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * How lookahead gates are aligned. Start from {@link #of}.
 *
 * @param texts calibration text, files of UTF-8
 * @param holdouts other text, to judge the gates on: one figure per file
 * @param horizon layers to look ahead; 0 for {@value LookaheadGates#DEFAULT_HORIZON}, or all others
 *     of a model with fewer
 * @param hidden width of the gates' hidden layer; 0 for none
 * @param tokens of calibration text, at most
 * @param holdoutTokens of each held-out text, at most
 * @param length tokens of a chunk, at most; those of the model's context, if that is shorter
 * @param roundTokens tokens between two checkpoints, at most; 0 for what fits 256 MiB
 * @param passes over the text
 * @param seed of everything random
 * @param resume whether to go on from a checkpoint, if there is one
 * @param replace whether files that are there may be replaced
 */
public record AlignOptions(
    List<Path> texts,
    List<Path> holdouts,
    int horizon,
    int hidden,
    int tokens,
    int holdoutTokens,
    int length,
    int roundTokens,
    int passes,
    long seed,
    boolean resume,
    boolean replace) {

  /** Tokens of a chunk, unless told otherwise. */
  public static final int DEFAULT_LENGTH = 512;

  /** Tokens of calibration text, at most, unless told otherwise. */
  public static final int DEFAULT_TOKENS = 500_000;

  /** Tokens of each held-out text, at most, unless told otherwise. */
  public static final int DEFAULT_HOLDOUT_TOKENS = 16_384;

  /** Passes over the text, unless told otherwise. */
  public static final int DEFAULT_PASSES = 2;

  /** Of everything random, unless told otherwise. */
  public static final long DEFAULT_SEED = 1;

  /** Copies the lists. */
  public AlignOptions {
    texts = List.copyOf(Objects.requireNonNull(texts, "texts"));
    holdouts = List.copyOf(Objects.requireNonNull(holdouts, "holdouts"));
  }

  /** No text to judge the gates on, and all else by default. */
  public static AlignOptions of(List<Path> texts) {
    return new AlignOptions(
        texts,
        List.of(),
        0,
        LookaheadGates.DEFAULT_HIDDEN,
        DEFAULT_TOKENS,
        DEFAULT_HOLDOUT_TOKENS,
        DEFAULT_LENGTH,
        0,
        DEFAULT_PASSES,
        DEFAULT_SEED,
        false,
        false);
  }

  public AlignOptions withHoldouts(List<Path> value) {
    return with(value, horizon, tokens, length);
  }

  public AlignOptions withHorizon(int value) {
    return with(holdouts, value, tokens, length);
  }

  public AlignOptions withTokens(int value) {
    return with(holdouts, horizon, value, length);
  }

  public AlignOptions withLength(int value) {
    return with(holdouts, horizon, tokens, value);
  }

  private AlignOptions with(List<Path> judged, int layers, int most, int chunk) {
    return new AlignOptions(
        texts,
        judged,
        layers,
        hidden,
        most,
        holdoutTokens,
        chunk,
        roundTokens,
        passes,
        seed,
        resume,
        replace);
  }
}
