package io.foregate.tornado.select;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Directory;
import io.foregate.kernels.MatVec;
import io.foregate.model.weights.Matrix;
import io.foregate.quant.encode.ReferenceQuantizer;
import io.foregate.quant.format.PlanePacker;
import io.foregate.quant.format.Quants;
import io.foregate.tornado.device.Stage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Quantized products on a device, held to the same in double precision. */
public final class DeviceTrial {
  private static final int ROWS = 48;
  private static final int COLUMNS = 512;
  private static final int LANES = 16;

  /** Codes and scales without a sign, and signed ones: some compilers of kernels lose the sign. */
  private static final List<GgmlType> TYPES = List.of(GgmlType.Q4_K, GgmlType.Q6_K, GgmlType.Q8_0);

  private static final double TOLERANCE = 1e-3;

  private DeviceTrial() {}

  /** Why the default device is not to be trusted; empty if it computed what it should. */
  public static Optional<String> failure() {
    return TYPES.stream().flatMap(type -> failure(type).stream()).findFirst();
  }

  private static Optional<String> failure(GgmlType type) {
    float[] values = new float[ROWS * COLUMNS];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.sin(i * 0.37);
    }
    MemorySegment rows = Arena.ofAuto().allocate(type.byteSize(values.length));
    ReferenceQuantizer.quantize(type, values, 0, rows, 0, values.length);
    Quants.decode(type, rows, 0, values, 0, values.length);
    var x = new FloatArray(COLUMNS);
    for (int i = 0; i < COLUMNS; i++) {
      x.set(i, (float) Math.cos(i * 0.11));
    }
    double worst = 0;
    double norm = 0;
    FloatArray y;
    try {
      y = product(new Matrix(type, ROWS, COLUMNS, rows), x);
    } catch (RuntimeException | LinkageError | TornadoExecutionPlanException e) {
      return Optional.of("its self-test failed: " + e);
    }
    for (int row = 0; row < ROWS; row++) {
      double expected = 0;
      for (int i = 0; i < COLUMNS; i++) {
        expected += (double) values[row * COLUMNS + i] * x.get(i);
      }
      worst += Math.pow(expected - y.get(row), 2);
      norm += expected * expected;
    }
    double error = Math.sqrt(worst / norm);
    return error < TOLERANCE // false for NaN too
        ? Optional.empty()
        : Optional.of(
            "its self-test with %s gave wrong numbers (error %.1e)".formatted(type, error));
  }

  private static FloatArray product(Matrix matrix, FloatArray x)
      throws TornadoExecutionPlanException {
    var packer = new PlanePacker(matrix.type(), ROWS, COLUMNS);
    var weights = new IntArray((int) (packer.bytes() / 4));
    packer.pack(matrix.data(), weights.getSegment(), 0);
    IntArray args = IntArray.fromElements(0);
    var directory = new IntArray(Directory.PARTS);
    directory.init(0);
    var floats = new FloatArray(1);
    var y = new FloatArray(ROWS);
    var stage =
        new Stage(
            "selftest", new TaskGraph("selftest"), args, new KernelContext(), new GridScheduler());
    stage.toDevice(args, directory, weights, floats, x);
    stage.launch(
        "product",
        ROWS,
        LANES,
        (graph, task) ->
            graph.task(
                task,
                MatVec::product,
                stage.context(),
                stage.args(),
                directory,
                weights,
                floats,
                x,
                y,
                Directory.OUTPUT,
                matrix.type().id(),
                ROWS,
                COLUMNS,
                0,
                0));
    stage.toHost(y);
    try (var plan = new TornadoExecutionPlan(stage.graph().snapshot())) {
      plan.withGridScheduler(stage.grid()).execute();
    }
    return y;
  }
}
