package io.foregate.bench.measure;

import io.foregate.gguf.GgufTensor;
import io.foregate.model.ModelConfig;
import java.util.List;

/**
 * Bytes that a token needs from memory while decoding.
 *
 * @param weights of the model: all dense ones, of the experts those that a token uses, of the
 *     embedding one row
 * @param position keys and values of one position in all layers
 */
public record TokenBytes(long weights, long position) {
  private static final String EMBEDDING = "token_embd.weight";
  private static final String OUTPUT = "output.weight";

  /** How names of tensors that hold a matrix of each expert go on. */
  private static final String EXPERTS = "_exps.";

  /**
   * A model's.
   *
   * @param position bytes of one position in the KV cache
   */
  public static TokenBytes of(List<GgufTensor> tensors, ModelConfig config, long position) {
    boolean tied = tensors.stream().noneMatch(tensor -> tensor.name().equals(OUTPUT));
    long weights = 0;
    for (GgufTensor tensor : tensors) {
      if (tensor.name().contains(EXPERTS)) {
        weights += tensor.byteSize() / config.experts() * config.expertsUsed();
      } else if (tensor.name().equals(EMBEDDING) && !tied) {
        weights += tensor.byteSize() / config.vocabulary();
      } else {
        weights += tensor.byteSize();
      }
    }
    return new TokenBytes(weights, position);
  }

  /** On average over a workload's tokens: each reads the positions before it, and its own. */
  public long average(TimedFeed decode) {
    return weights + position * (2L * decode.depth() + decode.tokens() + 1) / 2;
  }
}
