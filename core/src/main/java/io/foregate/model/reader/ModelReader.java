package io.foregate.model.reader;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.KnownValues;
import io.foregate.gguf.MetadataKey;
import io.foregate.model.Family;
import io.foregate.model.LatentConfig;
import io.foregate.model.Mixer;
import io.foregate.model.ModelConfig;
import io.foregate.model.Trait;
import io.foregate.model.weights.AttentionWeights;
import io.foregate.model.weights.ExpertBiases;
import io.foregate.model.weights.ExpertTensors;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.LayerWeights;
import io.foregate.model.weights.Linear;
import io.foregate.model.weights.Matrix;
import io.foregate.model.weights.ModelWeights;
import io.foregate.model.weights.Norm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the weights that a {@link ModelConfig} calls for, checking every tensor's presence, type
 * and shape.
 *
 * <p>A tensor that is in the file but means nothing here is an error too: leaving a bias or a norm
 * out would give fluent nonsense without one.
 */
public final class ModelReader {
  private static final Pattern LAYER = Pattern.compile("blk\\.([0-9]{1,6})\\.");

  private final GgufFile file;
  private final ModelConfig config;
  private final Family family;
  private final TensorReader tensors;

  private ModelReader(GgufFile file, ModelConfig config) {
    this.file = file;
    this.config = config;
    this.family = config.family();
    this.tensors = new TensorReader(file);
  }

  /**
   * The weights of a model, as views of its file.
   *
   * @throws ForegateException when a tensor is missing, unknown, or of a wrong type or shape
   */
  public static ModelWeights read(GgufFile file, ModelConfig config) {
    return new ModelReader(file, config).read();
  }

  private ModelWeights read() {
    int width = config.embedding();
    Matrix embedding = tensors.matrix("token_embd.weight", config.vocabulary(), width);
    Linear output =
        tensors.has("output.weight")
            ? tensors.linear("output", config.vocabulary(), width, family.has(Trait.LOGITS_BIAS))
            : Linear.of(embedding);
    List<LayerWeights> layers = new ArrayList<>();
    for (int layer = 0; layer < config.layers(); layer++) {
      layers.add(layer(layer, "blk." + layer + "."));
    }
    Norm outputNorm = norm("output_norm");
    RopeReader.TENSORS.forEach(tensors::use);
    usePredictingLayers();
    tensors.rejectUnknown(family);
    return new ModelWeights(embedding, layers, outputNorm, output);
  }

  /** Layers behind those that run predict further tokens, and are left alone. */
  private void usePredictingLayers() {
    if (KnownValues.of(file.metadata()).count(MetadataKey.PREDICTING_LAYERS) > 0) {
      for (GgufTensor tensor : file.tensors()) {
        Matcher name = LAYER.matcher(tensor.name());
        if (name.lookingAt() && Integer.parseInt(name.group(1)) >= config.layers()) {
          tensors.use(tensor.name());
        }
      }
    }
  }

  private Norm norm(String name) {
    return tensors.norm(name, config.embedding(), family.has(Trait.NORM_BIAS));
  }

  private LayerWeights layer(int layer, String prefix) {
    String second = family.has(Trait.POST_ATTENTION_NORM) ? "post_attention_norm" : "ffn_norm";
    return new LayerWeights(
        norm(prefix + "attn_norm"),
        mixer(layer, prefix),
        norm(prefix + second),
        config.isRouted(layer) ? routed(prefix) : dense(prefix, "", config.feedForward()));
  }

  private AttentionWeights mixer(int layer, String prefix) {
    return switch (config.mixers().get(layer)) {
      case Mixer.Attention _ -> attention(prefix);
      case Mixer.DeltaNet net -> new DeltaNetWeightsReader(tensors, config, net).read(prefix);
    };
  }

  private AttentionWeights attention(String prefix) {
    Optional<LatentConfig> latent = config.attention().latent();
    return latent.isPresent()
        ? new LatentWeightsReader(tensors, config, latent.get()).read(prefix)
        : grouped(prefix);
  }

  private AttentionWeights.Grouped grouped(String prefix) {
    int width = config.embedding();
    boolean biased = family.has(Trait.QKV_BIAS);
    return new AttentionWeights.Grouped(
        tensors.linear(
            prefix + "attn_q",
            family.has(Trait.OUTPUT_GATE) ? 2 * config.querySize() : config.querySize(),
            width,
            biased),
        tensors.linear(prefix + "attn_k", config.kvSize(), width, biased),
        tensors.linear(prefix + "attn_v", config.valueSize(), width, biased),
        tensors.linear(
            prefix + "attn_output",
            width,
            config.attendedSize(),
            family.has(Trait.ATTENTION_OUTPUT_BIAS)),
        headNorm(prefix + "attn_q_norm.weight", config.querySize()),
        headNorm(prefix + "attn_k_norm.weight", config.kvSize()),
        family.has(Trait.SINKS)
            ? tensors.vector(prefix + "attn_sinks.weight", config.heads())
            : new float[0]);
  }

  private Norm headNorm(String name, int allHeads) {
    return switch (family.queryKeyNorm()) {
      case NONE -> Norm.NONE;
      case HEAD -> Norm.of(tensors.vector(name, config.headSize()));
      case ALL_HEADS -> Norm.of(tensors.vector(name, allHeads));
    };
  }

  /**
   * @param suffix of the three names, before {@code .weight}
   */
  private FeedForward.Dense dense(String prefix, String suffix, int hidden) {
    int width = config.embedding();
    return new FeedForward.Dense(
        tensors.matrix(prefix + "ffn_gate" + suffix + ".weight", hidden, width),
        tensors.matrix(prefix + "ffn_up" + suffix + ".weight", hidden, width),
        tensors.matrix(prefix + "ffn_down" + suffix + ".weight", width, hidden));
  }

  private FeedForward routed(String prefix) {
    int experts = config.experts();
    boolean biased = family.has(Trait.EXPERT_BIAS);
    return new FeedForward.Routed(
        tensors.linear(prefix + "ffn_gate_inp", experts, config.embedding(), biased),
        tensors.optional(prefix + "exp_probs_b.bias", experts),
        experts(prefix),
        biased ? biases(prefix) : ExpertBiases.NONE,
        config.moe().sharedFeedForward() > 0 ? Optional.of(shared(prefix)) : Optional.empty());
  }

  private FeedForward.Shared shared(String prefix) {
    return new FeedForward.Shared(
        dense(prefix, "_shexp", config.moe().sharedFeedForward()),
        family.has(Trait.SHARED_GATE)
            ? tensors.vector(prefix + "ffn_gate_inp_shexp.weight", config.embedding())
            : new float[0]);
  }

  private ExpertBiases biases(String prefix) {
    int experts = config.experts();
    int hidden = config.moe().feedForward();
    return new ExpertBiases(
        tensors.vectors(prefix + "ffn_gate_exps.bias", hidden, experts),
        tensors.vectors(prefix + "ffn_up_exps.bias", hidden, experts),
        tensors.vectors(prefix + "ffn_down_exps.bias", config.embedding(), experts));
  }

  private ExpertTensors experts(String prefix) {
    int hidden = config.moe().feedForward();
    int width = config.embedding();
    String fused = prefix + "ffn_gate_up_exps.weight";
    if (tensors.has(fused)) {
      return new ExpertTensors(
          tensors.stack(fused, 2 * hidden, 0, hidden, width, config.experts()),
          tensors.stack(fused, 2 * hidden, hidden, hidden, width, config.experts()),
          experts(prefix + "ffn_down", width, hidden));
    }
    return new ExpertTensors(
        experts(prefix + "ffn_gate", hidden, width),
        experts(prefix + "ffn_up", hidden, width),
        experts(prefix + "ffn_down", width, hidden));
  }

  /** One tensor for all experts; in Mixtral's first files, one tensor for each. */
  private List<Matrix> experts(String name, int rows, int columns) {
    if (!tensors.has(name + ".0.weight")) {
      return tensors.stack(name + "_exps.weight", rows, columns, config.experts());
    }
    List<Matrix> matrices = new ArrayList<>();
    for (int e = 0; e < config.experts(); e++) {
      matrices.add(tensors.matrix(name + "." + e + ".weight", rows, columns));
      tensors.requireType(name + "." + e + ".weight", matrices.getFirst().type());
    }
    return matrices;
  }
}
