package io.foregate.model;

import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Sizes and constants of one model.
 *
 * @param name {@code general.name}, or the file's name
 * @param family the architecture's facts
 * @param layers transformer blocks
 * @param embedding width of the residual stream (d_model)
 * @param attention heads and what they see, in layers that have it
 * @param feedForward hidden width of a dense feed-forward block; 0 where no layer has one
 * @param moe the experts, {@link MoeConfig#NONE} in a dense model
 * @param vocabulary tokens
 * @param contextLength positions that the model was trained for
 * @param normEpsilon added to the mean square in RMSNorm
 * @param rope rotary position embedding
 * @param mixers what each layer has: {@code attention}, or something else
 */
public record ModelConfig(
    String name,
    Family family,
    int layers,
    int embedding,
    AttentionConfig attention,
    int feedForward,
    MoeConfig moe,
    int vocabulary,
    int contextLength,
    float normEpsilon,
    RopeConfig rope,
    Scales scales,
    List<Mixer> mixers) {
  public ModelConfig {
    mixers = List.copyOf(mixers);
  }

  /** A model whose layers all have attention. */
  public ModelConfig(
      String name,
      Family family,
      int layers,
      int embedding,
      AttentionConfig attention,
      int feedForward,
      MoeConfig moe,
      int vocabulary,
      int contextLength,
      float normEpsilon,
      RopeConfig rope,
      Scales scales) {
    this(
        name,
        family,
        layers,
        embedding,
        attention,
        feedForward,
        moe,
        vocabulary,
        contextLength,
        normEpsilon,
        rope,
        scales,
        Collections.nCopies(layers, new Mixer.Attention(attention)));
  }

  /** The facts that hold in a context of so many positions. */
  public ModelConfig at(int context) {
    return new ModelConfig(
        name,
        family,
        layers,
        embedding,
        attention,
        feedForward,
        moe,
        vocabulary,
        contextLength,
        normEpsilon,
        rope.at(context),
        scales,
        mixers);
  }

  /** Whether a layer keeps keys and values. */
  public boolean hasAttention(int layer) {
    return mixers.get(layer) instanceof Mixer.Attention;
  }

  /** Layers that keep keys and values. */
  public int attentionLayers() {
    return layers - deltaNetLayers();
  }

  /** The sizes of the layers with a delta net; empty where there are none. */
  public Optional<Mixer.DeltaNet> deltaNet() {
    for (Mixer mixer : mixers) {
      if (mixer instanceof Mixer.DeltaNet net) {
        return Optional.of(net);
      }
    }
    return Optional.empty();
  }

  private int deltaNetLayers() {
    return (int) mixers.stream().filter(Mixer.DeltaNet.class::isInstance).count();
  }

  /** Bytes that a sequence keeps beside keys and values, whatever its length. */
  public long stateBytes() {
    return (long) deltaNetLayers()
        * Float.BYTES
        * deltaNet().map(Mixer.DeltaNet::keptElements).orElse(0L);
  }

  /** Query heads. */
  public int heads() {
    return attention.heads();
  }

  /** Key and value heads. */
  public int kvHeads() {
    return attention.kvHeads();
  }

  /** Elements of one head of a query or key. */
  public int headSize() {
    return attention.keySize();
  }

  /** Elements of all query heads of a token. */
  public int querySize() {
    return heads() * attention.keySize();
  }

  /** Elements of all key heads of a token. */
  public int kvSize() {
    return kvHeads() * attention.keySize();
  }

  /** Elements of all value heads of a token. */
  public int valueSize() {
    return kvHeads() * attention.valueSize();
  }

  /** Elements of a token that attention's output product reads: a value per query head. */
  public int attendedSize() {
    return attention.outputSize();
  }

  /** Experts of a layer; 0 in a dense model. */
  public int experts() {
    return moe.experts();
  }

  /** Experts that a token is routed to (top-k); 0 in a dense model. */
  public int expertsUsed() {
    return moe.used();
  }

  /** Whether there are layers with experts. */
  public boolean isMoe() {
    return experts() > 0;
  }

  /** Whether a layer has experts. */
  public boolean isRouted(int layer) {
    return isMoe() && layer >= moe.leadingDense();
  }

  /**
   * Layers with experts, which are counted from 0 wherever experts alone are spoken of (traces,
   * gates, the scheduler).
   */
  public int routedLayers() {
    return isMoe() ? layers - moe.leadingDense() : 0;
  }

  /** Which of the layers with experts a layer is. */
  public int routedLayer(int layer) {
    return layer - moe.leadingDense();
  }
}
