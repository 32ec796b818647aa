package io.foregate.backend.cpu;

import io.foregate.backend.Routing;
import io.foregate.gguf.GgmlType;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.FeedForward;
import io.foregate.quant.vector.VectorKernels;
import io.foregate.store.layout.ExpertWeights;
import java.util.Arrays;

/**
 * The experts of a layer over a batch, on the CPU: its own backend's, and those that it computes
 * for a device. Picks (a token and one of its experts) are grouped by expert, so that each expert's
 * weights are read once per batch; every pick keeps a row of its own among the outputs.
 */
final class ExpertBatch {
  private static final int ROW_CHUNK = 8;

  private final ModelConfig config;
  private final VectorKernels kernels;
  private final WorkerPool pool;
  private final ProductBatch products;
  private final GatedUnit unit;
  private final WorkerPool.RangeTask inputTask = this::roundInputs;
  private final WorkerPool.RangeTask hiddenTask = this::activateHidden;

  /** First grouped row of each expert; one more at the end. */
  private final int[] firstRow;

  /** Which pick (token * used + rank) stands in a grouped row, and the other way round. */
  private int[] pickOfRow = {};

  private int[] rowOfPick = {};
  private Routing routing;
  private ExpertScratch scratch;
  private float[] normed = {};
  private FeedForward.Routed layer;
  private boolean grouped;

  /** The experts of the wave that is computed: their weights and first grouped rows. */
  private final ExpertWeights[] wave;

  /** Per expert of the wave: its number in the layer. */
  private final int[] waveIds;

  /** Per expert of the wave: its rows in the wave. Between them there may be rows without use. */
  private final int[] waveStart;

  private final int[] waveEnd;

  /** Per expert of the wave: its first row in the grouping. */
  private final int[] groupedStart;

  private int waveSize;
  private int waveRows;

  ExpertBatch(
      ModelConfig config,
      VectorKernels kernels,
      WorkerPool pool,
      ProductBatch products,
      GatedUnit unit) {
    this.config = config;
    this.unit = unit;
    this.kernels = kernels;
    this.pool = pool;
    this.products = products;
    this.firstRow = new int[config.experts() + 1];
    this.wave = new ExpertWeights[config.experts()];
    this.waveIds = new int[config.experts()];
    this.waveStart = new int[config.experts()];
    this.waveEnd = new int[config.experts()];
    this.groupedStart = new int[config.experts()];
  }

  /**
   * Takes a new batch. Its picks may still be changed until the first {@link #run}.
   *
   * @param normed the input of the layer's experts, {@code [tokens][embedding]}
   * @param scratch for as many tokens
   */
  void begin(Routing routing, FeedForward.Routed layer, float[] normed, ExpertScratch scratch) {
    this.routing = routing;
    this.layer = layer;
    this.normed = normed;
    this.scratch = scratch;
    this.grouped = false;
  }

  /** Groups the picks of a new batch by expert (a counting sort, stable in the tokens). */
  private void group() {
    grouped = true;
    int picks = routing.tokens() * routing.used();
    if (pickOfRow.length < picks) {
      pickOfRow = new int[picks];
      rowOfPick = new int[picks];
    }
    Arrays.fill(firstRow, 0);
    for (int pick = 0; pick < picks; pick++) {
      firstRow[routing.ids()[pick] + 1]++;
    }
    for (int e = 0; e < config.experts(); e++) {
      firstRow[e + 1] += firstRow[e];
    }
    for (int pick = 0; pick < picks; pick++) {
      int row = firstRow[routing.ids()[pick]]++;
      pickOfRow[row] = pick;
      rowOfPick[pick] = row;
    }
    for (int e = config.experts(); e > 0; e--) {
      firstRow[e] = firstRow[e - 1];
    }
    firstRow[0] = 0;
  }

  /**
   * Runs experts in waves whose hidden activations fit the scratch memory.
   *
   * @param layer counted among the layers with experts
   */
  void run(int layer, CpuExpertMemory memory, int[] ids, int[] places, int count) {
    if (!grouped) {
      group();
    }
    int next = 0;
    while (next < count) {
      waveSize = 0;
      waveRows = 0;
      while (next < count && waveSize < memory.atOnce() && fits(ids[next])) {
        addToWave(ids[next], memory.weights(layer, places[next]));
        next++;
      }
      runWave();
    }
  }

  /** Where the output of a pick (token * used + rank) is among {@link ExpertScratch#outputs}. */
  int output(int pick) {
    return rowOfPick[pick] * config.embedding();
  }

  private int rows(int expert) {
    return firstRow[expert + 1] - firstRow[expert];
  }

  private boolean fits(int expert) {
    return waveSize == 0 || startInWave(expert) + rows(expert) <= scratch.rows;
  }

  /** Where the next expert's rows begin: aligned if there are enough of them to gain by it. */
  private int startInWave(int expert) {
    int alignment = VectorKernels.BATCH_ALIGNMENT;
    return rows(expert) < alignment ? waveRows : Math.ceilDiv(waveRows, alignment) * alignment;
  }

  private void addToWave(int expert, ExpertWeights weights) {
    wave[waveSize] = weights;
    waveIds[waveSize] = expert;
    waveStart[waveSize] = startInWave(expert);
    waveRows = waveStart[waveSize] + rows(expert);
    waveEnd[waveSize] = waveRows;
    groupedStart[waveSize] = firstRow[expert];
    waveSize++;
  }

  private void runWave() {
    ExpertWeights any = wave[0]; // all experts of a layer have the same types
    int hidden = any.gate().rows();
    scratch.inputs.of(any.gate().type());
    scratch.inputs.of(any.up().type());
    pool.run(waveRows, ROW_CHUNK, inputTask);
    for (int i = 0; i < waveSize; i++) {
      int end = waveEnd[i];
      ExpertWeights w = wave[i];
      products.add(
          w.gate(), scratch.inputs.of(w.gate().type()), waveStart[i], end, scratch.gate, hidden);
      products.add(w.up(), scratch.inputs.of(w.up().type()), waveStart[i], end, scratch.up, hidden);
    }
    products.run();
    scratch.hidden.of(any.down().type());
    pool.run(waveRows, ROW_CHUNK, hiddenTask);
    int width = config.embedding();
    for (int i = 0; i < waveSize; i++) {
      ExpertWeights w = wave[i];
      products.addAt(
          w.down(),
          scratch.hidden.of(w.down().type()),
          waveStart[i],
          waveEnd[i],
          scratch.outputs,
          width,
          (groupedStart[i] - waveStart[i]) * width);
    }
    products.run();
  }

  private void roundInputs(int from, int to, int worker) {
    ExpertWeights any = wave[0];
    boolean sameRounding =
        scratch.inputs.of(any.gate().type()) == scratch.inputs.of(any.up().type());
    int width = config.embedding();
    int i = 0;
    for (int row = from; row < to; row++) {
      while (row >= waveEnd[i]) {
        i++;
      }
      if (row < waveStart[i]) {
        continue;
      }
      int pick = pickOfRow[groupedStart[i] + row - waveStart[i]];
      int source = pick / config.expertsUsed() * width;
      scratch.inputs.set(any.gate().type(), normed, source, row);
      if (!sameRounding) {
        scratch.inputs.set(any.up().type(), normed, source, row);
      }
    }
  }

  private void activateHidden(int from, int to, int worker) {
    GgmlType type = wave[0].down().type();
    int hidden = wave[0].down().columns();
    int i = 0;
    for (int row = from; row < to; row++) {
      while (row >= waveEnd[i]) {
        i++;
      }
      if (row < waveStart[i]) {
        continue;
      }
      int at = row * hidden;
      if (layer.biases().isPresent()) {
        int bias = waveIds[i] * hidden;
        kernels.axpy(1f, layer.biases().gate(), bias, scratch.gate, at, hidden);
        kernels.axpy(1f, layer.biases().up(), bias, scratch.up, at, hidden);
      }
      unit.apply(scratch.gate, scratch.up, at, hidden);
      scratch.hidden.set(type, scratch.gate, at, row);
    }
  }
}
