package io.foregate.tornado;

import io.foregate.gguf.GgmlType;
import io.foregate.model.weights.AttentionWeights;
import io.foregate.model.weights.ExpertTensors;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.LayerWeights;
import io.foregate.model.weights.Linear;
import io.foregate.model.weights.Matrix;
import io.foregate.model.weights.ModelWeights;
import io.foregate.quant.format.Quants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * The same weights as floats. The CPU backend rounds what it multiplies with f16 to f16, and what
 * it multiplies with quantized weights to 8 bits, as ggml does, and the device does not: with
 * these, both compute the same but for the order of sums and the cache's f16.
 */
final class ExactWeights {
  private ExactWeights() {}

  static ModelWeights of(ModelWeights w) {
    return new ModelWeights(
        of(w.embedding()),
        w.layers().stream().map(ExactWeights::of).toList(),
        w.outputNorm(),
        of(w.output()));
  }

  private static LayerWeights of(LayerWeights w) {
    return new LayerWeights(
        w.attentionNorm(), of(w.attention()), w.feedForwardNorm(), of(w.feedForward()));
  }

  private static AttentionWeights of(AttentionWeights w) {
    return switch (w) {
      case AttentionWeights.Grouped g ->
          new AttentionWeights.Grouped(
              of(g.query()),
              of(g.key()),
              of(g.value()),
              of(g.output()),
              g.queryNorm(),
              g.keyNorm(),
              g.sinks());
      case AttentionWeights.Latent l ->
          new AttentionWeights.Latent(
              l.lowRank().map(low -> new AttentionWeights.LowRank(of(low.down()), low.norm())),
              of(l.query()),
              of(l.latent()),
              l.latentNorm(),
              new AttentionWeights.KeyMaps(of(l.keys().matrices()), l.keys().transposed()),
              of(l.values()),
              of(l.output()));
      case AttentionWeights.DeltaNet _ -> throw new IllegalArgumentException("no kernels");
    };
  }

  private static FeedForward of(FeedForward w) {
    return switch (w) {
      case FeedForward.Dense dense -> of(dense);
      case FeedForward.Routed r ->
          new FeedForward.Routed(
              of(r.router()),
              r.selectionBias(),
              new ExpertTensors(
                  of(r.experts().gate()), of(r.experts().up()), of(r.experts().down())),
              r.biases(),
              r.shared().map(s -> new FeedForward.Shared(of(s.network()), s.gate())));
    };
  }

  private static FeedForward.Dense of(FeedForward.Dense w) {
    return new FeedForward.Dense(of(w.gate()), of(w.up()), of(w.down()));
  }

  private static List<Matrix> of(List<Matrix> matrices) {
    return matrices.stream().map(ExactWeights::of).toList();
  }

  private static Linear of(Linear w) {
    return new Linear(of(w.weight()), w.bias());
  }

  static Matrix of(Matrix w) {
    float[] values = new float[w.rows() * w.columns()];
    Quants.decode(w.type(), w.data(), 0, values, 0, values.length);
    MemorySegment data = Arena.ofAuto().allocate(4L * values.length, 4);
    MemorySegment.copy(values, 0, data, ValueLayout.JAVA_FLOAT, 0, values.length);
    return new Matrix(GgmlType.F32, w.rows(), w.columns(), data);
  }
}
