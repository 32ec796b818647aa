package io.foregate.convert.family;

import io.foregate.convert.source.HfConfig;
import java.util.List;
import java.util.Set;

/**
 * A family of models as transformers knows it, and what its GGUF files are made of.
 *
 * @param classes names of the model's class in {@code config.json}
 * @param architecture {@code general.architecture}
 * @param tensors what becomes of its tensors
 * @param keys metadata beside what all families have
 * @param demands settings that a GGUF has no place for
 * @param ropeTypes kinds of RoPE scaling that readers of its GGUF files know
 */
public record HfFamily(
    List<String> classes,
    String architecture,
    List<TensorRule> tensors,
    List<KeyRule> keys,
    List<Demand> demands,
    Set<String> ropeTypes) {

  /** Whether a layer has a delta net instead of attention. */
  public boolean isDeltaNet(HfConfig config, int layer) {
    return hasOtherParts() && config.isLinear(layer);
  }

  /**
   * Whether folders of the family hold more than the text's model: those with delta nets, which
   * predict further tokens, and may read pictures.
   */
  public boolean hasOtherParts() {
    return tensors.stream().anyMatch(rule -> rule.need() == TensorRule.Need.DELTA_LAYERS);
  }

  /** Leading layers without experts. */
  public long denseLayers(HfConfig config, Dimensions dimensions) {
    return dimensions.has("E")
        ? config.integer("first_k_dense_replace").orElse(0)
        : config.size("num_hidden_layers");
  }
}
