package io.foregate.tornado;

import io.foregate.backend.ExpertMemory;
import io.foregate.backend.cpu.GatedUnit;
import io.foregate.model.ExpertBiases;
import io.foregate.model.FeedForward;
import io.foregate.model.Matrix;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelWeights;
import io.foregate.quant.Activation;
import io.foregate.quant.Quants;
import io.foregate.quant.Scratch;
import io.foregate.quant.VectorKernels;
import io.foregate.quant.VectorProvider;
import io.foregate.store.ExpertWeights;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Experts that the processor's cores compute, for one token at a time: an expert's place is {@code
 * layer * experts + expert}, layers with experts alone being counted. They are read where they lie
 * in the model's file: a device's records hold the same bits in an order that the processor's
 * kernels do not read.
 */
final class HostExperts implements ExpertMemory {
  /** Rows that are worth a thread's while. */
  private static final int LEAST_ROWS = 64;

  private final VectorKernels kernels = VectorProvider.get().kernels();
  private final ModelConfig config;
  private final List<ExpertWeights> experts = new ArrayList<>();

  /** By layer. */
  private final List<ExpertBiases> biases = new ArrayList<>();

  private final GatedUnit unit;
  private final Scratch[] scratch;
  private final Activation input;
  private final Activation hiddenInput;
  private final float[] gate;
  private final float[] up;
  private final float[] output;

  HostExperts(ModelConfig config, ModelWeights weights) {
    this.config = config;
    for (int layer = config.mixture().leadingDense(); layer < config.layers(); layer++) {
      var routed = (FeedForward.Routed) weights.layers().get(layer).feedForward();
      biases.add(routed.biases());
      for (int e = 0; e < config.experts(); e++) {
        experts.add(ExpertWeights.of(routed.experts(), e));
      }
    }
    this.unit = new GatedUnit(kernels, config.family().activation());
    int width = config.mixture().feedForward();
    this.scratch = new Scratch[Runtime.getRuntime().availableProcessors()];
    for (int i = 0; i < scratch.length; i++) {
      scratch[i] = new Scratch();
    }
    this.input = new Activation(kernels, 1, config.embedding());
    this.hiddenInput = new Activation(kernels, 1, width);
    this.gate = new float[width];
    this.up = new float[width];
    this.output = new float[config.embedding()];
  }

  @Override
  public int count() {
    return experts.size();
  }

  /**
   * The output of an expert, valid until the next call.
   *
   * @param normed the token's normed residual stream, {@code [embedding]}
   */
  float[] run(int place, float[] normed) {
    ExpertWeights w = experts.get(place);
    int width = config.embedding();
    int hidden = gate.length;
    ExpertBiases added = biases.get(place / config.experts());
    int expert = place % config.experts();
    input.set(Quants.dotType(w.gate().type()), normed, 0, width, 0);
    multiply(w.gate(), input, gate);
    if (Quants.dotType(w.up().type()) != Quants.dotType(w.gate().type())) {
      input.set(Quants.dotType(w.up().type()), normed, 0, width, 0);
    }
    multiply(w.up(), input, up);
    if (added.isPresent()) {
      kernels.axpy(1f, added.gate(), expert * hidden, gate, 0, hidden);
      kernels.axpy(1f, added.up(), expert * hidden, up, 0, hidden);
    }
    unit.apply(gate, up, 0, hidden);
    hiddenInput.set(Quants.dotType(w.down().type()), gate, 0, hidden, 0);
    multiply(w.down(), hiddenInput, output);
    if (added.isPresent()) {
      kernels.axpy(1f, added.down(), expert * width, output, 0, width);
    }
    return output;
  }

  private void multiply(Matrix w, Activation x, float[] y) {
    int rows = w.rows();
    int parts = Math.clamp(rows / LEAST_ROWS, 1, scratch.length);
    IntStream.range(0, parts)
        .parallel()
        .forEach(
            part ->
                kernels.matVec(
                    w.type(),
                    w.data(),
                    0,
                    w.columns(),
                    rows * part / parts,
                    rows * (part + 1) / parts,
                    x,
                    0,
                    y,
                    0,
                    scratch[part]));
  }
}
