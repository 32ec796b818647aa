package io.foregate.model.reader;

import io.foregate.model.LatentConfig;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.AttentionWeights;
import io.foregate.model.weights.Linear;
import io.foregate.model.weights.Matrix;
import io.foregate.model.weights.Norm;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Reads {@link AttentionWeights.Latent}. Older files have the maps of keys and values in one tensor
 * ({@code attn_kv_b}), newer ones have one of each ({@code attn_k_b}, {@code attn_v_b}), the keys'
 * transposed.
 */
final class LatentWeightsReader {
  private final TensorReader tensors;
  private final ModelConfig config;
  private final LatentConfig latent;

  LatentWeightsReader(TensorReader tensors, ModelConfig config, LatentConfig latent) {
    this.tensors = tensors;
    this.config = config;
    this.latent = latent;
  }

  /**
   * @param prefix of the layer's names
   */
  AttentionWeights.Latent read(String prefix) {
    int width = config.embedding();
    int heads = config.heads();
    boolean lowRank = latent.queryRank() > 0;
    boolean split = tensors.has(prefix + "attn_k_b.weight");
    if (split) {
      tensors.use(prefix + "attn_kv_b.weight"); // some files have both
    }
    return new AttentionWeights.Latent(
        lowRank ? Optional.of(lowRank(prefix)) : Optional.empty(),
        tensors.matrix(
            prefix + (lowRank ? "attn_q_b.weight" : "attn_q.weight"),
            heads * latent.querySize(),
            lowRank ? latent.queryRank() : width),
        tensors.matrix(prefix + "attn_kv_a_mqa.weight", latent.rank() + latent.rotated(), width),
        Norm.of(tensors.vector(prefix + "attn_kv_a_norm.weight", latent.rank())),
        split
            ? splitKeys(prefix)
            : new AttentionWeights.KeyMaps(part(prefix, 0, latent.keySize()), true),
        split ? splitValues(prefix) : part(prefix, latent.keySize(), latent.valueSize()),
        Linear.of(tensors.matrix(prefix + "attn_output.weight", width, config.attendedSize())));
  }

  private AttentionWeights.LowRank lowRank(String prefix) {
    return new AttentionWeights.LowRank(
        tensors.matrix(prefix + "attn_q_a.weight", latent.queryRank(), config.embedding()),
        Norm.of(tensors.vector(prefix + "attn_q_a_norm.weight", latent.queryRank())));
  }

  private AttentionWeights.KeyMaps splitKeys(String prefix) {
    String name = prefix + "attn_k_b.weight";
    return new AttentionWeights.KeyMaps(
        tensors.stack(name, latent.rank(), latent.keySize(), config.heads()), false);
  }

  private List<Matrix> splitValues(String prefix) {
    return tensors.stack(
        prefix + "attn_v_b.weight", latent.valueSize(), latent.rank(), config.heads());
  }

  /** Some rows of each head of the joint tensor. */
  private List<Matrix> part(String prefix, int from, int rows) {
    int headRows = latent.keySize() + latent.valueSize();
    int heads = config.heads();
    Matrix joint = tensors.matrix(prefix + "attn_kv_b.weight", heads * headRows, latent.rank());
    return IntStream.range(0, heads).mapToObj(h -> joint.slice(h * headRows + from, rows)).toList();
  }
}
