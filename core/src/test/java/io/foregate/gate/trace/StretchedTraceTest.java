package io.foregate.gate.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class StretchedTraceTest {
  private static final int LAYERS = 3;
  private static final int TOKENS = 30;
  private final TraceRecords trace =
      RandomTraces.records(RandomTraces.header(LAYERS, 5, 2), TOKENS, 9);

  @Test
  void theSameDepthIsTheTraceItself() {
    assertThat(StretchedTrace.of(trace, LAYERS)).isSameAs(trace);
  }

  @Test
  void copiesReadPartsOfTheirOwn() {
    RoutingTrace stretched = StretchedTrace.of(trace, 8);
    assertThat(stretched.header().layers()).isEqualTo(8);
    assertThat(stretched.tokens()).isEqualTo(TOKENS / 3);
    for (int t = 0; t < stretched.tokens(); t++) {
      assertThat(stretched.tokenId(t)).isEqualTo(trace.tokenId(t));
      assertThat(stretched.startsText(t)).isEqualTo(trace.startsText(t));
      for (int layer = 0; layer < 8; layer++) {
        int recorded = t + layer / LAYERS * 10;
        for (int rank = 0; rank < 2; rank++) {
          assertThat(stretched.expert(t, layer, rank))
              .isEqualTo(trace.expert(recorded, layer % LAYERS, rank));
          assertThat(stretched.weight(t, layer, rank))
              .isEqualTo(trace.weight(recorded, layer % LAYERS, rank));
        }
      }
    }
  }

  @Test
  void everyScoreIsOfTheLayerItSpeaksOf() {
    RoutingTrace stretched = StretchedTrace.of(trace, 8);
    // Within the second copy, layer 3 speaks of layers 4 and 5: recorded layer 0 of token 10 + t.
    assertThat(scores(stretched, 4, 3)).isEqualTo(scores(trace, 14, 0));
    // Layer 2 speaks of 3 and 4, the first layers of the second copy: what layers 2 and 2 - 0 of
    // the token before said there, one and two layers ahead.
    assertThat(half(scores(stretched, 4, 2), 0)).isEqualTo(half(scores(trace, 13, 2), 0));
    assertThat(half(scores(stretched, 4, 2), 1)).isEqualTo(half(scores(trace, 13, 2), 1));
    // Layer 7, the last, is recorded layer 1; the next layer is layer 0 of the next token of copy
    // 1.
    assertThat(half(scores(stretched, 4, 7), 0)).isEqualTo(half(scores(trace, 4, 2), 0));
    assertThat(half(scores(stretched, 4, 7), 1)).isEqualTo(half(scores(trace, 4, 2), 1));
    // Two ahead of layer 6 is layer 0 of the next token; one ahead is layer 7 of this one.
    assertThat(half(scores(stretched, 4, 6), 0)).isEqualTo(half(scores(trace, 24, 0), 0));
    assertThat(half(scores(stretched, 4, 6), 1)).isEqualTo(half(scores(trace, 4, 1), 1));
    // Before the first layer.
    assertThat(scores(stretched, 4, -1)).isEqualTo(scores(trace, 4, -1));
    // The edges are there.
    scores(stretched, 0, 6);
    scores(stretched, 9, 7);
  }

  @Test
  void refusesToShorten() {
    assertThatThrownBy(() -> StretchedTrace.of(trace, 2))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("3 layers")
        .hasMessageContaining("model of 2");
  }

  private static float[] scores(RoutingTrace trace, int token, int layer) {
    var out = new float[2 * 5];
    trace.scores(token, layer, 0, out);
    return out;
  }

  private static float[] half(float[] scores, int distance) {
    return Arrays.copyOfRange(scores, distance * 5, distance * 5 + 5);
  }
}
