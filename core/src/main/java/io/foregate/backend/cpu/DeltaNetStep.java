package io.foregate.backend.cpu;

import io.foregate.model.Mixer;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.AttentionWeights;
import io.foregate.model.weights.Norm;
import io.foregate.quant.vector.HeapFloats;
import io.foregate.quant.vector.VectorKernels;
import java.util.Arrays;

/**
 * A gated delta net between its products (arXiv 2412.06464, equation 10, as Qwen3-Next has it). Per
 * value head with matrix S, for each token one after the other:
 *
 * <pre>
 * S    = fade S
 * S    = S + k (strength (v - k S))
 * out  = q S
 * </pre>
 *
 * <p>Here q and k, which are unit vectors (q over the root of its size), meet S once, before it
 * fades: {@code q S} after the correction is {@code fade (q S) + (q k) delta}. Each token does the
 * same arithmetic whatever its batch, heads being done by several threads.
 *
 * <p>In the {@link Workspace}: products are {@link Workspace#netInputs} and {@link
 * Workspace#netRates}, what passed the convolution is {@link Workspace#convolved}, and results are
 * {@link Workspace#netOutput}.
 */
final class DeltaNetStep {
  /** Heads of a piece of work of the convolution, where there is one token. */
  private static final int CONVOLVED_CHUNK = 8;

  /** From here on a soft plus is its argument, as in llama.cpp. */
  private static final float LINEAR_SOFTPLUS = 20;

  private final Mixer.DeltaNet net;
  private final float epsilon;
  private final VectorKernels kernels;
  private final WorkerPool pool;
  private final Workspace work;
  private final RecurrentState state;

  /** By whether inputs are grouped, then whether rates are. */
  private final DeltaNetRows[] forms = new DeltaNetRows[4];

  /** Per worker, {@code [2][headSize]}: queries and keys times the matrix. */
  private final HeapFloats[] met;

  private final float[] ones;
  private final WorkerPool.RangeTask convolveTask = this::convolveBlocks;
  private final WorkerPool.RangeTask mixTask = this::mixHeads;

  private AttentionWeights.DeltaNet weights;
  private DeltaNetRows rows;
  private HeapFloats matrices;
  private float[] tail = {};
  private int batch;

  DeltaNetStep(
      ModelConfig config,
      VectorKernels kernels,
      WorkerPool pool,
      Workspace work,
      RecurrentState state) {
    this.net = config.deltaNet().orElseThrow();
    this.epsilon = config.normEpsilon();
    this.kernels = kernels;
    this.pool = pool;
    this.work = work;
    this.state = state;
    this.met = new HeapFloats[pool.size()];
    this.ones = new float[net.headSize()];
    Arrays.setAll(met, i -> HeapFloats.of(2 * net.headSize()));
    Arrays.fill(ones, 1);
    for (int form = 0; form < forms.length; form++) {
      forms[form] = DeltaNetRows.of(net, form / 2 == 1, form % 2 == 1);
    }
  }

  /** Goes on with the batch, whose products are there. */
  void run(AttentionWeights.DeltaNet weights, int layer, int batch) {
    this.weights = weights;
    this.batch = batch;
    rows = forms[2 * (2 - weights.inputs().size()) + 2 - weights.rates().size()];
    matrices = state.matrices(layer);
    tail = state.tail(layer);
    pool.run(rows.blocks().length, Math.max(1, CONVOLVED_CHUNK / batch), convolveTask);
    pool.run(net.valueHeads(), 1, mixTask);
  }

  private void convolveBlocks(int from, int to, int worker) {
    for (int block = from; block < to; block++) {
      for (int token = 0; token < batch; token++) {
        convolve(block, token);
      }
      keepTail(block);
    }
  }

  /** A head of a token: convolution, SiLU, and for queries and keys a length of 1. */
  private void convolve(int block, int token) {
    int size = net.headSize();
    float[] out = work.convolved.array();
    int at = token * net.channels() + block * size;
    Arrays.fill(out, at, at + size, 0);
    for (int i = 0; i < net.kernel(); i++) {
      int source = token - net.kernel() + 1 + i;
      float[] inputs = source >= 0 ? work.netInputs : tail;
      int begin =
          source >= 0
              ? source * net.inputSize() + rows.blocks()[block]
              : (source + net.kernel() - 1) * net.channels() + block * size;
      int weight = i * net.channels() + block * size;
      for (int c = 0; c < size; c++) {
        out[at + c] += inputs[begin + c] * weights.convolution()[weight + c];
      }
    }
    kernels.siluProduct(out, at, ones, 0, out, at, size);
    if (block < 2 * net.keyHeads()) {
      double length = Math.sqrt(kernels.sumOfSquares(out, at, size) + epsilon);
      double scale = block < net.keyHeads() ? Math.sqrt(size) : 1;
      kernels.scale(out, at, size, (float) (1 / (length * scale)));
    }
  }

  /** The last inputs of a head, for the next batch. */
  private void keepTail(int block) {
    int size = net.headSize();
    int kept = net.kernel() - 1;
    for (int i = 0; i < kept; i++) {
      int source = batch - kept + i;
      int target = i * net.channels() + block * size;
      if (source >= 0) {
        int begin = source * net.inputSize() + rows.blocks()[block];
        System.arraycopy(work.netInputs, begin, tail, target, size);
      } else {
        int begin = (source + kept) * net.channels() + block * size;
        System.arraycopy(tail, begin, tail, target, size);
      }
    }
  }

  private void mixHeads(int from, int to, int worker) {
    for (int head = from; head < to; head++) {
      for (int token = 0; token < batch; token++) {
        mix(head, token, met[worker]);
        finish(head, token);
      }
    }
  }

  /** Lets the matrix fade, corrects it, and asks it. */
  private void mix(int head, int token, HeapFloats met) {
    int size = net.headSize();
    HeapFloats inputs = work.convolved;
    float[] x = inputs.array();
    int query = token * net.channels() + net.keyHead(head) * size;
    int key = query + net.keySize();
    int value = token * net.channels() + 2 * net.keySize() + head * size;
    int matrix = head * size * size;
    kernels.gemm(
        inputs, query, net.keySize(), matrices, matrix, size, met, 0, size, 2, size, size, false);
    float fade = fade(head, token);
    float strength = strength(head, token);
    float overlap = kernels.dot(x, query, x, key, size);
    float[] m = met.array();
    float[] out = work.netOutput;
    int at = token * net.valueSize() + head * size;
    for (int i = 0; i < size; i++) {
      float delta = strength * (x[value + i] - fade * m[size + i]);
      m[size + i] = delta;
      out[at + i] = fade * m[i] + overlap * delta;
    }
    kernels.scale(matrices.array(), matrix, size * size, fade);
    kernels.gemm(inputs, key, 1, met, size, size, matrices, matrix, size, size, size, 1, true);
  }

  private float strength(int head, int token) {
    float rate = work.netRates[token * 2 * net.valueHeads() + rows.strengths()[head]];
    return (float) (1 / (1 + Math.exp(-rate)));
  }

  private float fade(int head, int token) {
    float rate =
        work.netRates[token * 2 * net.valueHeads() + rows.fadings()[head]]
            + weights.fadingBias()[head];
    double softplus = rate > LINEAR_SOFTPLUS ? rate : Math.log1p(Math.exp(rate));
    return (float) Math.exp(softplus * weights.fading()[head]);
  }

  /** RMS norm of a head's result, times SiLU of its gate. */
  private void finish(int head, int token) {
    int size = net.headSize();
    float[] out = work.netOutput;
    int at = token * net.valueSize() + head * size;
    Norm norm = weights.norm();
    float meanSquare = kernels.sumOfSquares(out, at, size) / size;
    float factor = (float) (1 / Math.sqrt(meanSquare + epsilon));
    kernels.scaledProduct(out, at, factor, norm.weight(), 0, out, at, size);
    int gate = token * net.inputSize() + rows.gates()[head];
    kernels.siluProduct(work.netInputs, gate, out, at, out, at, size);
  }
}
