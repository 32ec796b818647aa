package io.foregate.tornado.products;

import io.foregate.kernels.ExactActivations;
import io.foregate.kernels.ExactExperts;
import io.foregate.kernels.Planes;
import io.foregate.store.layout.ExpertShape;
import io.foregate.tornado.device.Launches;
import io.foregate.tornado.device.Stage;
import io.foregate.tornado.weights.DenseArrays;
import io.foregate.tornado.weights.FeedForwardTypes;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The experts of a token with the bits that the CPU gives them: {@link ExactExperts}, on every
 * device.
 *
 * @param chains of the CPU's sums: 8 or 16
 */
public record ExactNetworks(DenseArrays dense, ProductBuffers scratch, int chains)
    implements NetworkKernels {
  private static final int THREAD_LANES = 64;
  private static final int MAX_LANES = 64;

  /** Memory that it needs. */
  public static ProductBuffers.Size scratch(ProductBuffers.Load load) {
    int units = Math.ceilDiv(load.longest(), Planes.UNIT);
    int floats = (units + Math.ceilDiv(units * ExactActivations.FACTORS, Planes.UNIT));
    return new ProductBuffers.Size(
        2 * units * ExactActivations.CODE_WORDS, floats * Planes.UNIT, 0);
  }

  @Override
  public void networks(Stage stage, Networks networks, NetworkBuffers buffers) {
    ExpertShape shape = networks.types().experts();
    int gate = ExactActivations.kind(ExpertPart.GATE.type(shape));
    int up = ExactActivations.kind(ExpertPart.UP.type(shape));
    int inputs = shape.embedding() / Planes.UNIT;
    round(stage, "gateInput", gate, buffers.normed(), place(gate, up, inputs), inputs);
    if (gate != up) {
      round(stage, "upInput", up, buffers.normed(), place(up, gate, inputs), inputs);
    }
    gateUp(stage, networks, buffers, place(gate, up, inputs), place(up, gate, inputs));
    int hidden = networks.used() * shape.feedForward() / Planes.UNIT;
    int down = ExactActivations.kind(ExpertPart.DOWN.type(shape));
    round(stage, "downInput", down, buffers.hidden(), 0, hidden);
    down(stage, networks, buffers);
  }

  /** Which unit activations begin at that are there in two kinds. */
  private static int place(int kind, int other, int units) {
    if (kind == other) {
      return 0;
    } else if (kind == ExactActivations.FLOATS) {
      return Math.ceilDiv(units * ExactActivations.FACTORS, Planes.UNIT);
    }
    return kind == ExactActivations.BLOCKS_OF_256 && other != ExactActivations.FLOATS ? units : 0;
  }

  private void round(Stage stage, String task, int kind, FloatArray x, int to, int units) {
    switch (kind) {
      case ExactActivations.FLOATS ->
          stage.perThread(
              task,
              units * Planes.UNIT,
              THREAD_LANES,
              (graph, name) ->
                  graph.task(
                      name,
                      ExactActivations::floats,
                      stage.context(),
                      x,
                      scratch.factors(),
                      to * Planes.UNIT,
                      units * Planes.UNIT));
      case ExactActivations.BLOCKS_OF_32 ->
          stage.perThread(
              task,
              units,
              THREAD_LANES,
              (graph, name) ->
                  graph.task(
                      name,
                      ExactActivations::blocksOf32,
                      stage.context(),
                      x,
                      scratch.codes(),
                      scratch.factors(),
                      to,
                      units));
      default ->
          stage.launch(
              task,
              units / 8,
              ExactActivations.LANES,
              (graph, name) ->
                  graph.task(
                      name,
                      ExactActivations::blocksOf256,
                      stage.context(),
                      x,
                      scratch.codes(),
                      scratch.factors(),
                      to));
    }
  }

  private void gateUp(
      Stage stage, Networks networks, NetworkBuffers buffers, int gateInput, int upInput) {
    FeedForwardTypes types = networks.types();
    ExpertShape shape = types.experts();
    stage.launch(
        "gateUp",
        networks.used() * shape.feedForward(),
        lanes(shape.embedding()),
        (graph, name) ->
            graph.task(
                name,
                ExactExperts::gateUp,
                stage.context(),
                stage.args(),
                dense.directory(),
                dense.floats(),
                networks.pool(),
                scratch.codes(),
                scratch.factors(),
                buffers.hidden(),
                ExpertPart.GATE.type(shape),
                ExpertPart.UP.type(shape),
                gateInput,
                upInput,
                ExpertPart.UP.offset(shape),
                shape.feedForward(),
                shape.embedding(),
                networks.used(),
                types.unit(),
                chains));
  }

  private void down(Stage stage, Networks networks, NetworkBuffers buffers) {
    FeedForwardTypes types = networks.types();
    ExpertShape shape = types.experts();
    stage.launch(
        "down",
        shape.embedding(),
        lanes(shape.feedForward()),
        (graph, name) ->
            graph.task(
                name,
                ExactExperts::down,
                stage.context(),
                stage.args(),
                dense.directory(),
                dense.floats(),
                networks.pool(),
                scratch.codes(),
                scratch.factors(),
                networks.weights(),
                buffers.outputs(),
                buffers.residual(),
                ExpertPart.DOWN.type(shape),
                ExpertPart.DOWN.offset(shape),
                shape.embedding(),
                shape.feedForward(),
                networks.used(),
                types.unit(),
                chains));
  }

  private static int lanes(int columns) {
    return Launches.lanes(columns / 16, MAX_LANES);
  }
}
