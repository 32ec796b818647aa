package io.foregate.tornado.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Directory;
import io.foregate.kernels.Gating;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Router and gate in one array: as {@link MatrixKernelsTest}. */
class GatingTest {
  private static final double FLOAT_ERROR = 1e-3;
  private static final int WIDTH = 96;
  private static final int EXPERTS = 5;
  private static final int USED = 2;
  private static final int LAYERS = 4;
  private static final int HORIZON = 2;
  private static final int OUTPUTS = HORIZON * EXPERTS;
  private static final int SCORES = EXPERTS + 2 * USED;
  private static final int RECORD = SCORES + OUTPUTS + WIDTH;

  /** All that one layer needs, laid out as the directory tells. */
  private record Gate(
      TestMatrix router,
      TestMatrix first,
      TestMatrix output,
      float[] bias,
      IntArray directory,
      IntArray weights,
      FloatArray floats) {}

  private static Gate gate(int row, int columns, int hidden, Random random) {
    TestMatrix router = TestMatrix.random(GgmlType.Q8_0, EXPERTS, WIDTH, random);
    TestMatrix first = TestMatrix.random(GgmlType.F16, OUTPUTS + hidden, columns, 0.1f, random);
    TestMatrix output = TestMatrix.random(GgmlType.F16, OUTPUTS, Math.max(32, hidden), random);
    float[] bias = TestMatrix.floats(OUTPUTS + hidden, random);
    var directory = new IntArray((LAYERS + 1) * Directory.PARTS);
    directory.init(0);
    int entry = row * Directory.PARTS;
    directory.set(entry + Directory.ROUTER, 3);
    directory.set(entry + Directory.GATE_FIRST, 3 + router.words());
    directory.set(entry + Directory.GATE_OUTPUT, 3 + router.words() + first.words());
    directory.set(entry + Directory.GATE_BIAS, 2);
    var weights = new IntArray(3 + router.words() + first.words() + output.words());
    router.pack(weights.getSegment(), 3);
    first.pack(weights.getSegment(), 3 + router.words());
    output.pack(weights.getSegment(), 3 + router.words() + first.words());
    var floats = new FloatArray(2 + bias.length);
    floats.init(Float.NaN);
    for (int i = 0; i < bias.length; i++) {
      floats.set(2 + i, bias[i]);
    }
    return new Gate(router, first, output, bias, directory, weights, floats);
  }

  private static double[] scores(Gate gate, double[] x, int hidden) {
    double[] first = gate.first().times(x);
    for (int i = 0; i < first.length; i++) {
      first[i] += gate.bias()[i];
    }
    double[] scores = Arrays.copyOf(first, OUTPUTS);
    if (hidden > 0) {
      double[] inner = Arrays.copyOfRange(first, OUTPUTS, OUTPUTS + hidden);
      for (int i = 0; i < hidden; i++) {
        inner[i] /= 1 + Math.exp(-1.702 * inner[i]);
      }
      double[] more = gate.output().times(inner);
      for (int i = 0; i < OUTPUTS; i++) {
        scores[i] += more[i];
      }
    }
    return scores;
  }

  /**
   * The first points also read the token before; the last layer's residual is kept for the next.
   */
  @ParameterizedTest(name = "layer {0} of 4, hidden layer of {1}, {2} threads")
  @CsvSource({"0, 64, 16", "1, 0, 4", "2, 32, 1", "3, 64, 64", "4, 96, 32"})
  void routerAndGate(int layer, int hidden, int lanes) {
    var random = new Random(layer);
    int point = layer == LAYERS ? 0 : layer + 1;
    int columns = point < HORIZON ? 2 * WIDTH : WIDTH;
    Gate gate = gate(layer, columns, hidden, random);
    float[] in = TestMatrix.floats(2 * WIDTH, random);
    float[] normedIn = TestMatrix.floats(WIDTH, random);
    IntArray args = IntArray.fromElements(layer);
    FloatArray normed = FloatArray.fromArray(normedIn);
    FloatArray input = FloatArray.fromArray(in);
    FloatArray routed = Poisoned.array(RECORD);
    FloatArray inner = Poisoned.array(Math.max(1, hidden));
    DeviceRun.run(
        (layer < LAYERS ? EXPERTS : 0) + OUTPUTS + hidden,
        lanes,
        g ->
            g.task(
                "kernel",
                Gating::first,
                DeviceRun.context(),
                args,
                gate.directory(),
                gate.weights(),
                gate.floats(),
                normed,
                input,
                routed,
                inner,
                gate.router().kind(),
                WIDTH,
                layer < LAYERS ? EXPERTS : 0,
                SCORES,
                LAYERS,
                HORIZON,
                OUTPUTS,
                hidden),
        new Object[] {args, gate.directory(), gate.weights(), gate.floats(), normed, input},
        new Object[] {routed, inner});
    DeviceRun.run(
        OUTPUTS + 1,
        lanes,
        g ->
            g.task(
                "kernel",
                Gating::second,
                DeviceRun.context(),
                args,
                gate.directory(),
                gate.weights(),
                input,
                routed,
                inner,
                WIDTH,
                SCORES,
                LAYERS,
                OUTPUTS,
                hidden),
        new Object[] {args, gate.directory(), gate.weights(), inner},
        new Object[] {input, routed});
    double[] x = TestMatrix.doubles(Arrays.copyOf(in, columns));
    requireScores(scores(gate, x, hidden), routed);
    requireRouter(gate, normedIn, routed, layer);
    for (int i = 0; i < WIDTH; i++) {
      assertThat(input.get(i)).isEqualTo(in[i]);
      assertThat(routed.get(SCORES + OUTPUTS + i)).as("told to the host").isEqualTo(in[i]);
      assertThat(input.get(WIDTH + i)).isEqualTo(layer == LAYERS - 1 ? in[i] : in[WIDTH + i]);
    }
    FloatArray plain = asPlainJava(gate, normed, FloatArray.fromArray(in), layer, hidden);
    for (int i = 0; i < OUTPUTS; i++) {
      int at = SCORES + i;
      assertThat((double) plain.get(at))
          .isCloseTo(routed.get(at), org.assertj.core.data.Offset.offset(1e-3));
    }
  }

  private static FloatArray asPlainJava(
      Gate gate, FloatArray normed, FloatArray input, int layer, int hidden) {
    IntArray args = IntArray.fromElements(layer);
    FloatArray routed = Poisoned.array(RECORD);
    var inner = new FloatArray(Math.max(1, hidden));
    PlainJava.run(
        (layer < LAYERS ? EXPERTS : 0) + OUTPUTS + hidden,
        c ->
            Gating.first(
                c,
                args,
                gate.directory(),
                gate.weights(),
                gate.floats(),
                normed,
                input,
                routed,
                inner,
                gate.router().kind(),
                WIDTH,
                layer < LAYERS ? EXPERTS : 0,
                SCORES,
                LAYERS,
                HORIZON,
                OUTPUTS,
                hidden));
    PlainJava.run(
        OUTPUTS + 1,
        c ->
            Gating.second(
                c,
                args,
                gate.directory(),
                gate.weights(),
                input,
                routed,
                inner,
                WIDTH,
                SCORES,
                LAYERS,
                OUTPUTS,
                hidden));
    return routed;
  }

  private static void requireScores(double[] expected, FloatArray routed) {
    var found = new FloatArray(OUTPUTS);
    for (int i = 0; i < OUTPUTS; i++) {
      found.set(i, routed.get(SCORES + i));
    }
    assertThat(TestMatrix.error(expected, found)).isLessThan(FLOAT_ERROR);
    assertThat(routed.get(RECORD)).as("behind the last").isEqualTo(routed.get(RECORD + 1));
  }

  private static void requireRouter(Gate gate, float[] normed, FloatArray routed, int layer) {
    if (layer == LAYERS) {
      assertThat(routed.get(0)).as("logits of no router").isNaN();
      return;
    }
    double[] logits = gate.router().times(TestMatrix.doubles(normed));
    assertThat(TestMatrix.error(logits, routed)).isLessThan(FLOAT_ERROR);
    assertThat(routed.get(EXPERTS)).as("not picked yet").isNaN();
  }

  /** Of a batch, the last layer's residual of the last token; then nothing. */
  @ParameterizedTest(name = "layer {0} of 4, {1} tokens")
  @CsvSource({"3, 1", "3, 5", "2, 5"})
  void keepsABatchsLastTokenAndForgetsIt(int layer, int tokens) {
    var random = new Random(tokens);
    float[] in = TestMatrix.floats(2 * WIDTH, random);
    float[] residuals = TestMatrix.floats(5 * WIDTH + 7, random);
    IntArray args = IntArray.fromElements(layer, 9, tokens);
    FloatArray input = FloatArray.fromArray(in);
    FloatArray plain = FloatArray.fromArray(residuals);
    DeviceRun.run(
        3,
        32,
        g ->
            g.task(
                "kernel", Gating::keep, DeviceRun.context(), args, plain, input, 7, WIDTH, LAYERS),
        new Object[] {args, plain},
        new Object[] {input});
    for (int i = 0; i < WIDTH; i++) {
      assertThat(input.get(i)).isEqualTo(in[i]);
      float expected = layer == 3 ? residuals[7 + (tokens - 1) * WIDTH + i] : in[WIDTH + i];
      assertThat(input.get(WIDTH + i)).isEqualTo(expected);
    }
    IntArray zero = IntArray.fromElements(0);
    DeviceRun.run(
        3,
        32,
        g -> g.task("kernel", Gating::forget, DeviceRun.context(), zero, input, WIDTH),
        new Object[] {zero},
        new Object[] {input});
    for (int i = 0; i < WIDTH; i++) {
      assertThat(input.get(i)).isEqualTo(in[i]);
      assertThat(input.get(WIDTH + i)).isZero();
    }
  }
}
