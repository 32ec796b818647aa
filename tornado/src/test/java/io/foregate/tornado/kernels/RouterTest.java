package io.foregate.tornado.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.kernels.Directory;
import io.foregate.kernels.Router;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Every formula by which a router picks and weighs: the device, plain Java, double precision. */
class RouterTest {
  private static final int LAYER = 1;

  /** What a row of the tables below says. */
  private record Case(
      int experts,
      int used,
      int score,
      boolean renormalized,
      float scale,
      int groups,
      int groupsUsed,
      float[] routerBias,
      float[] selectionBias) {
    int record() {
      return experts + 2 * used;
    }

    int formula() {
      return Router.formula(
          score, renormalized, groups, groupsUsed, routerBias.length > 0, selectionBias.length > 0);
    }

    /** Biases behind something else, where the directory tells. */
    FloatArray floats() {
      var floats = new FloatArray(3 + 2 * experts);
      floats.init(Float.NaN);
      for (int e = 0; e < routerBias.length; e++) {
        floats.set(3 + e, routerBias[e]);
      }
      for (int e = 0; e < selectionBias.length; e++) {
        floats.set(3 + experts + e, selectionBias[e]);
      }
      return floats;
    }

    IntArray directory() {
      var directory = new IntArray(2 * Directory.PARTS);
      directory.init(-1000);
      directory.set(LAYER * Directory.PARTS + Directory.ROUTER_BIAS, 3);
      directory.set(LAYER * Directory.PARTS + Directory.SELECTION_BIAS, 3 + experts);
      return directory;
    }
  }

  @ParameterizedTest(name = "{0} experts, {1} used, {2} threads, {3} of {4} tokens")
  @CsvSource({"8, 2, 8, 1, 1", "5, 5, 4, 3, 4", "160, 8, 64, 2, 2", "128, 1, 1, 1, 3"})
  void softmaxOfPicked(int experts, int used, int lanes, int tokens, int most) {
    float[] none = {};
    var run = new Case(experts, used, Router.SOFTMAX_OF_PICKED, false, 1, 1, 1, none, none);
    compare(run, lanes, tokens, most);
  }

  @ParameterizedTest(
      name =
          "score {2}, renormalized {3}, scale {4}, {6} of {5} groups, biases {7} {8}: {1} of {0}")
  @CsvSource({
    "60, 4, 0, false, 1, 1, 1, false, false",
    "256, 8, 0, true, 2.5, 1, 1, false, false",
    "32, 4, 1, false, 1, 1, 1, true, false",
    "64, 6, 2, true, 1.8, 1, 1, false, true",
    "256, 8, 2, true, 2.5, 8, 4, false, true",
    "48, 6, 0, false, 16, 4, 2, true, false",
    "64, 6, 0, true, 1, 8, 3, false, true",
    "7, 3, 2, false, 1, 1, 1, false, false",
    "6, 2, 2, true, 1, 6, 3, false, false",
    "512, 16, 2, true, 1, 64, 8, true, true"
  })
  void everyFormula(
      int experts,
      int used,
      int score,
      boolean renormalized,
      float scale,
      int groups,
      int groupsUsed,
      boolean routerBias,
      boolean selectionBias) {
    var random = new Random(experts + used);
    var run =
        new Case(
            experts,
            used,
            score,
            renormalized,
            scale,
            groups,
            groupsUsed,
            routerBias ? TestMatrix.floats(experts, random) : new float[0],
            selectionBias ? TestMatrix.floats(experts, random) : new float[0]);
    compare(run, 32, 2, 3);
  }

  private static void compare(Case run, int lanes, int tokens, int most) {
    var random = new Random(run.experts());
    FloatArray routed = Poisoned.array(most * run.record());
    float[][] logits = new float[tokens][run.experts()];
    for (int t = 0; t < tokens; t++) {
      for (int e = 0; e < run.experts(); e++) {
        // Of plain logits many are equal; scores would then be equal or not by roundings.
        logits[t][e] =
            run.score() == Router.SOFTMAX_OF_PICKED && run.routerBias().length == 0
                ? random.nextInt(6) * 0.5f
                : 2 * (float) random.nextGaussian();
        routed.set(t * run.record() + e, logits[t][e]);
      }
    }
    FloatArray plain = FloatArray.fromArray(routed.toHeapArray());
    IntArray args = IntArray.fromElements(LAYER, 0, tokens);
    IntArray directory = run.directory();
    FloatArray floats = run.floats();
    PlainJava.run(
        most,
        c ->
            Router.pick(
                c,
                args,
                directory,
                floats,
                plain,
                run.experts(),
                run.used(),
                run.formula(),
                run.scale()));
    DeviceRun.run(
        most,
        lanes,
        g ->
            g.task(
                "kernel",
                Router::pick,
                DeviceRun.context(),
                args,
                directory,
                floats,
                routed,
                run.experts(),
                run.used(),
                run.formula(),
                run.scale()),
        new Object[] {args, directory, floats},
        new Object[] {routed});
    for (int t = 0; t < tokens; t++) {
      requirePicked(run, logits[t], plain, t * run.record());
      requirePicked(run, logits[t], routed, t * run.record());
    }
    for (int i = tokens * run.record(); i < most * run.record(); i++) {
      assertThat(routed.get(i)).as("of a token that is not there").isNaN();
    }
  }

  private static void requirePicked(Case run, float[] raw, FloatArray routed, int at) {
    int experts = run.experts();
    double[] logits = new double[experts];
    for (int e = 0; e < experts; e++) {
      logits[e] = raw[e] + (run.routerBias().length > 0 ? run.routerBias()[e] : 0);
      assertThat((double) routed.get(at + e)).isCloseTo(logits[e], Offset.offset(1e-5));
    }
    int[] order = order(selection(run, logits));
    double[] weights = new double[run.used()];
    double sum = 0;
    double[] scores = scores(run.score(), logits);
    for (int rank = 0; rank < run.used(); rank++) {
      assertThat((int) routed.get(at + experts + rank)).as("rank %d", rank).isEqualTo(order[rank]);
      weights[rank] = scores[order[rank]];
      sum += weights[rank];
    }
    boolean divided = run.renormalized() || run.score() == Router.SOFTMAX_OF_PICKED;
    for (int rank = 0; rank < run.used(); rank++) {
      double expected = weights[rank] * run.scale() / (divided ? sum : 1);
      assertThat((double) routed.get(at + experts + run.used() + rank))
          .isCloseTo(expected, Offset.offset(1e-6 + 1e-5 * expected));
    }
  }

  private static double[] scores(int score, double[] logits) {
    return score == Router.SIGMOID
        ? Arrays.stream(logits).map(l -> 1 / (1 + Math.exp(-l))).toArray()
        : softmax(logits);
  }

  private static double[] softmax(double[] logits) {
    double sum = Arrays.stream(logits).map(Math::exp).sum();
    return Arrays.stream(logits).map(l -> Math.exp(l) / sum).toArray();
  }

  /** What experts are picked by: all but the best groups at the very end. */
  private static double[] selection(Case run, double[] logits) {
    boolean byLogits = run.selectionBias().length == 0 && run.groups() == 1;
    double[] selection = byLogits ? logits.clone() : scores(run.score(), logits);
    for (int e = 0; e < run.selectionBias().length; e++) {
      selection[e] += run.selectionBias()[e];
    }
    if (run.groups() > 1) {
      int size = run.experts() / run.groups();
      double[] groups = new double[run.groups()];
      for (int g = 0; g < groups.length; g++) {
        double[] sorted = Arrays.copyOfRange(selection, g * size, (g + 1) * size);
        Arrays.sort(sorted);
        groups[g] = sorted[size - 1] + (size > 1 ? sorted[size - 2] : 0);
      }
      int[] best = order(groups);
      for (int i = run.groupsUsed(); i < best.length; i++) {
        Arrays.fill(selection, best[i] * size, (best[i] + 1) * size, Double.NEGATIVE_INFINITY);
      }
    }
    return selection;
  }

  private static int[] order(double[] values) {
    return IntStream.range(0, values.length)
        .boxed()
        .sorted((a, b) -> Double.compare(values[b], values[a])) // stable
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
