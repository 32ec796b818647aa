package io.foregate.gate.trace;

import io.foregate.gguf.ModelHash;
import java.util.List;
import java.util.Random;

/** Traces without sense, and made by hand, for tests. */
public final class RandomTraces {
  public static final ModelHash MODEL = new ModelHash("0123456789abcdef".repeat(4));

  private RandomTraces() {}

  /** Two texts, one set of scores two layers ahead and one that looks one layer ahead. */
  public static TraceHeader header(int layers, int experts, int used) {
    return new TraceHeader(
        MODEL,
        "tiny",
        layers,
        experts,
        used,
        List.of(new ScoreSet("lookahead", 2), new ScoreSet("next", 1)),
        List.of("a.txt", "b.txt"));
  }

  /** Random routing and scores; every tenth token starts a text. */
  public static TraceRecords records(TraceHeader header, int tokens, long seed) {
    var random = new Random(seed);
    var records = new TraceRecords(header, tokens);
    for (int t = 0; t < tokens; t++) {
      records.add(random.nextInt(1 << 20), t % 3 == 1, t % 10 == 0, t % header.texts().size());
      for (int layer = -1; layer < header.layers(); layer++) {
        for (int set = 0; set < header.sets().size(); set++) {
          records.setScores(t, layer, set, scores(header, set, random));
        }
        if (layer >= 0) {
          choose(records, t, layer, random);
        }
      }
    }
    return records;
  }

  /**
   * A trace of these choices: {@code [token][layer][rank]}; its scores, {@code lookahead}, {@code
   * untrained} and {@code next-router}, are perfect over their horizon. One text.
   */
  public static TraceRecords of(int experts, int horizon, int[][][] choices) {
    int layers = choices[0].length;
    int used = choices[0][0].length;
    List<ScoreSet> sets =
        List.of(
            new ScoreSet(ScoreSet.LOOKAHEAD, horizon),
            new ScoreSet(ScoreSet.UNTRAINED, horizon),
            new ScoreSet(ScoreSet.NEXT_ROUTER, 1));
    var header = new TraceHeader(MODEL, "hand", layers, experts, used, sets, List.of("hand.txt"));
    var records = new TraceRecords(header, choices.length);
    for (int t = 0; t < choices.length; t++) {
      records.add(t, false, t == 0, 0);
      for (int layer = 0; layer < layers; layer++) {
        for (int rank = 0; rank < used; rank++) {
          records.choice(t, layer, rank, choices[t][layer][rank], 1f / used);
        }
      }
    }
    for (int set = 0; set < sets.size(); set++) {
      foresee(records, set, sets.get(set).horizon());
    }
    return records;
  }

  private static void foresee(TraceRecords records, int set, int horizon) {
    var scores = new float[horizon * records.header().experts()];
    TracePredictor oracle = TracePredictor.oracle(records, horizon);
    for (int t = 0; t < records.tokens(); t++) {
      oracle.predictToken(t, scores);
      records.setScores(t, -1, set, scores);
      oracle.observe(0, new int[0], 0, 0);
      for (int layer = 0; layer < records.header().layers(); layer++) {
        oracle.predict(layer, new float[0], scores);
        records.setScores(t, layer, set, scores);
      }
    }
  }

  /** Random choices for {@link #of}; a token keeps an expert of the one before half of the time. */
  public static int[][][] choices(int tokens, int layers, int experts, int used, long seed) {
    var random = new Random(seed);
    var choices = new int[tokens][layers][];
    for (int t = 0; t < tokens; t++) {
      for (int layer = 0; layer < layers; layer++) {
        choices[t][layer] =
            t > 0 && random.nextBoolean()
                ? choices[t - 1][layer]
                : random.ints(0, experts).distinct().limit(used).toArray();
      }
    }
    return choices;
  }

  private static void choose(TraceRecords records, int token, int layer, Random random) {
    int experts = records.header().experts();
    int first = random.nextInt(experts);
    for (int rank = 0; rank < records.header().used(); rank++) {
      records.choice(token, layer, rank, (first + rank) % experts, random.nextFloat());
    }
  }

  private static float[] scores(TraceHeader header, int set, Random random) {
    var scores = new float[header.sets().get(set).horizon() * header.experts()];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = random.nextFloat();
    }
    return scores;
  }
}
