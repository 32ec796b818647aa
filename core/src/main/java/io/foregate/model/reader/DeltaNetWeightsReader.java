package io.foregate.model.reader;

import io.foregate.model.Mixer;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.AttentionWeights;
import io.foregate.model.weights.Linear;
import io.foregate.model.weights.Matrix;
import io.foregate.model.weights.Norm;
import java.util.List;

/**
 * Reads {@link AttentionWeights.DeltaNet}. Qwen3-Next's first files have all inputs in one tensor
 * ({@code ssm_in}), later ones two ({@code attn_qkv}, {@code attn_gate}); its rates are one tensor
 * ({@code ssm_ba}), those of Qwen3.5 two ({@code ssm_beta}, {@code ssm_alpha}).
 */
final class DeltaNetWeightsReader {
  private final TensorReader tensors;
  private final ModelConfig config;
  private final Mixer.DeltaNet net;

  DeltaNetWeightsReader(TensorReader tensors, ModelConfig config, Mixer.DeltaNet net) {
    this.tensors = tensors;
    this.config = config;
    this.net = net;
  }

  /**
   * @param prefix of the layer's names
   */
  AttentionWeights.DeltaNet read(String prefix) {
    int heads = net.valueHeads();
    return new AttentionWeights.DeltaNet(
        tensors.has(prefix + "ssm_in.weight") && !tensors.has(prefix + "attn_qkv.weight")
            ? List.of(input(prefix + "ssm_in.weight", net.inputSize()))
            : List.of(
                input(prefix + "attn_qkv.weight", net.channels()),
                input(prefix + "attn_gate.weight", net.valueSize())),
        tensors.has(prefix + "ssm_ba.weight")
            ? List.of(input(prefix + "ssm_ba.weight", 2 * heads))
            : List.of(
                input(prefix + "ssm_beta.weight", heads),
                input(prefix + "ssm_alpha.weight", heads)),
        convolution(prefix + "ssm_conv1d.weight"),
        tensors.vector(prefix + "ssm_a", heads),
        tensors.vector(prefix + "ssm_dt.bias", heads),
        Norm.of(tensors.vector(prefix + "ssm_norm.weight", net.headSize())),
        Linear.of(tensors.matrix(prefix + "ssm_out.weight", config.embedding(), net.valueSize())));
  }

  private Matrix input(String name, int rows) {
    return tensors.matrix(name, rows, config.embedding());
  }

  /** A file has the weights of a channel together; here channels lie side by side. */
  private float[] convolution(String name) {
    int kernel = net.kernel();
    int channels = net.channels();
    float[] byChannel = tensors.vectors(name, kernel, channels);
    var byToken = new float[kernel * channels];
    for (int channel = 0; channel < channels; channel++) {
      for (int token = 0; token < kernel; token++) {
        byToken[token * channels + channel] = byChannel[channel * kernel + token];
      }
    }
    return byToken;
  }
}
