package io.foregate.gate.trace;

import io.foregate.gate.Recall;
import java.util.ArrayList;
import java.util.List;

/**
 * How a trace routes: what tells whether a cache of experts has anything to live on. Pairs of
 * tokens of which the second starts a text are left out.
 *
 * @param tokens tokens counted
 * @param layers layer by layer
 */
public record TraceStatistics(int tokens, List<Layer> layers) {

  /**
   * One layer.
   *
   * @param share of all choices, expert by expert; sums to 1
   * @param repeatsFirst share of tokens whose best expert is the best of the token before
   * @param repeatsAny share of tokens that choose any expert of the token before
   */
  public record Layer(List<Double> share, double repeatsFirst, double repeatsAny) {}

  /** Counts over all tokens of a trace. */
  public static TraceStatistics of(RoutingTrace trace) {
    List<Layer> layers = new ArrayList<>();
    for (int layer = 0; layer < trace.header().layers(); layer++) {
      layers.add(layer(trace, layer));
    }
    return new TraceStatistics(trace.tokens(), List.copyOf(layers));
  }

  private static Layer layer(RoutingTrace trace, int layer) {
    int used = trace.header().used();
    var share = new double[trace.header().experts()];
    int pairs = 0;
    int first = 0;
    int any = 0;
    for (int t = 0; t < trace.tokens(); t++) {
      for (int rank = 0; rank < used; rank++) {
        share[trace.expert(t, layer, rank)] += 1.0 / ((double) used * trace.tokens());
      }
      if (t > 0 && !trace.startsText(t)) {
        pairs++;
        first += trace.expert(t, layer, 0) == trace.expert(t - 1, layer, 0) ? 1 : 0;
        any += sharesAny(trace, t, layer) ? 1 : 0;
      }
    }
    List<Double> shares = new ArrayList<>();
    for (double value : share) {
      shares.add(value);
    }
    return new Layer(List.copyOf(shares), ratio(first, pairs), ratio(any, pairs));
  }

  private static boolean sharesAny(RoutingTrace trace, int token, int layer) {
    for (int rank = 0; rank < trace.header().used(); rank++) {
      if (uses(trace, token - 1, layer, trace.expert(token, layer, rank))) {
        return true;
      }
    }
    return false;
  }

  static boolean uses(RoutingTrace trace, int token, int layer, int expert) {
    for (int rank = 0; rank < trace.header().used(); rank++) {
      if (trace.expert(token, layer, rank) == expert) {
        return true;
      }
    }
    return false;
  }

  /**
   * Recall@m of a set of scores: the share of the experts really used {@code distance} layers later
   * that are among the {@code m} highest scores; of equal scores the lower id counts as higher.
   *
   * @param set index in {@link TraceHeader#sets}
   * @param distance 1 .. horizon
   */
  public static double recall(RoutingTrace trace, int set, int distance, int m) {
    TraceHeader header = trace.header();
    var scores = new float[header.sets().get(set).horizon() * header.experts()];
    long found = 0;
    long all = 0;
    for (int t = 0; t < trace.tokens(); t++) {
      for (int layer = 0; layer < header.layers(); layer++) {
        int token = t + (layer + distance) / header.layers();
        if (token >= trace.tokens() || (token > t && trace.startsText(token))) {
          continue;
        }
        trace.scores(t, layer, set, scores);
        for (int rank = 0; rank < header.used(); rank++) {
          int expert = trace.expert(token, (layer + distance) % header.layers(), rank);
          int from = (distance - 1) * header.experts();
          found += Recall.rank(scores, from, header.experts(), expert) < m ? 1 : 0;
          all++;
        }
      }
    }
    return ratio(found, all);
  }

  private static double ratio(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }
}
