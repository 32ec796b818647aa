package io.foregate.oracle;

import io.foregate.gguf.GgufValue;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What an architecture's file has beside what all have. Written down from llama.cpp's loader, apart
 * from Foregate's own table of families.
 *
 * @param name {@code general.architecture}
 * @param metadata by names behind the architecture's
 * @param latent attention's sizes, where it is latent attention
 * @param delta sizes of delta nets, where it has some
 * @param attentionEvery every how many layers one has attention, where others have delta nets
 * @param layers how many blocks it has
 */
public record TinyArchitecture(
    String name,
    Set<Part> parts,
    Map<String, GgufValue> metadata,
    Optional<TinyLatent> latent,
    Optional<TinyDelta> delta,
    int attentionEvery,
    int layers) {

  /** Tensors that not all architectures have, and other names. */
  public enum Part {
    QKV_BIAS,
    ATTENTION_OUTPUT_BIAS,
    NORM_BIAS,
    LOGITS_BIAS,
    HEAD_NORM,
    WIDTH_NORM,
    SHARED_EXPERT,
    SHARED_GATE,
    /** Of the router, too. */
    EXPERT_BIAS,
    SINKS,
    /** The second norm's name. */
    POST_ATTENTION_NORM,
    /** {@code feed_forward_length} is not the width of an expert. */
    EXPERT_WIDTH,
    /** Gate and up in one tensor. */
    FUSED_GATE_UP,
    /** A tensor for each expert. */
    SEPARATE_EXPERTS,
    /** {@code rope_factors_short} and {@code rope_factors_long}. */
    LONG_ROPE,
    /** The first layer has no experts. */
    LEADING_DENSE,
    /** Several shared experts, as wide as those that are picked. */
    SHARED_EXPERTS,
    /** What is added to experts' scores when they are picked. */
    SELECTION_BIAS,
    /** {@code attn_q} has a gate behind each head's query. */
    OUTPUT_GATE,
    /** A block behind the others that predicts a further token, and is counted with them. */
    PREDICTING_LAYER
  }

  /** Hidden width of what is shared. */
  static final int SHARED_WIDTH = 256;

  /** How many {@link Part#SHARED_EXPERTS} there are. */
  static final int SHARED_COUNT = 2;

  public static final TinyArchitecture LLAMA = of("llama");

  /** With these parts and no metadata of its own. */
  public static TinyArchitecture of(String name, Part... parts) {
    return new TinyArchitecture(
        name, Set.of(parts), Map.of(), Optional.empty(), Optional.empty(), 1, TinyModel.LAYERS);
  }

  /** With these metadata. */
  public TinyArchitecture with(Map<String, GgufValue> other) {
    return new TinyArchitecture(name, parts, other, latent, delta, attentionEvery, layers);
  }

  TinyArchitecture with(TinyLatent other) {
    return new TinyArchitecture(
        name, parts, metadata, Optional.of(other), delta, attentionEvery, layers);
  }

  /** With delta nets in all layers but every so many layers. */
  TinyArchitecture with(TinyDelta other, int every) {
    return new TinyArchitecture(
        name, parts, metadata, latent, Optional.of(other), every, 2 * every);
  }

  TinyArchitecture with(int otherLayers) {
    return new TinyArchitecture(name, parts, metadata, latent, delta, attentionEvery, otherLayers);
  }

  TinyArchitecture plus(Part part) {
    var all = new HashSet<>(parts);
    all.add(part);
    return new TinyArchitecture(
        name, Set.copyOf(all), metadata, latent, delta, attentionEvery, layers);
  }

  /** Whether a layer has attention. */
  boolean hasAttention(int layer) {
    return (layer + 1) % attentionEvery == 0;
  }

  public boolean has(Part part) {
    return parts.contains(part);
  }
}
