package io.foregate.gate.trace;

import io.foregate.gguf.ModelHash;
import java.util.List;
import java.util.Random;

/** Traces without sense, for tests. */
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
