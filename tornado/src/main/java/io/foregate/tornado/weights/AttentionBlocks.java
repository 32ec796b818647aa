package io.foregate.tornado.weights;

import io.foregate.kernels.Directory;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.AttentionWeights;
import io.foregate.model.weights.LayerWeights;

/**
 * What a layer's attention has beside products, RoPE and softmax. Layers that have the same share
 * their kernels.
 *
 * @param window positions that a token sees, itself included
 * @param normBias whether the norms before attention and feed-forward have biases
 * @param inputBias whether queries, keys and values have
 * @param outputBias whether the output has
 * @param queryKeyNorm whether queries and keys are normalized
 * @param sinks whether there are attention sinks
 */
public record AttentionBlocks(
    int window,
    boolean normBias,
    boolean inputBias,
    boolean outputBias,
    boolean queryKeyNorm,
    boolean sinks) {
  /** Nothing of all that. */
  public static final AttentionBlocks NONE =
      new AttentionBlocks(Integer.MAX_VALUE, false, false, false, false, false);

  static AttentionBlocks of(ModelConfig config, int layer, LayerWeights weights) {
    int window = config.attention().window().of(layer);
    boolean normBias = weights.attentionNorm().bias().length > 0;
    boolean outputBias = weights.attention().output().bias().length > 0;
    return switch (weights.attention()) {
      case AttentionWeights.Grouped grouped ->
          new AttentionBlocks(
              window,
              normBias,
              grouped.query().bias().length > 0,
              outputBias,
              grouped.queryNorm().isPresent(),
              grouped.sinks().length > 0);
      case AttentionWeights.Latent latent ->
          new AttentionBlocks(window, normBias, false, outputBias, false, false);
      case AttentionWeights.DeltaNet _ -> throw new IllegalArgumentException("no kernels");
    };
  }

  /** Of the {@link Directory}; negative if there is none. */
  public int attentionNormBias() {
    return normBias ? Directory.ATTENTION_NORM_BIAS : -1;
  }

  /** Of the {@link Directory}; negative if there is none. */
  public int feedForwardNormBias() {
    return normBias ? Directory.FEED_FORWARD_NORM_BIAS : -1;
  }
}
