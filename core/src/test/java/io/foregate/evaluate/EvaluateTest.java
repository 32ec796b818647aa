package io.foregate.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foregate.engine.Engine;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.options.ModelOptions;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import io.foregate.work.WorkListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code foregate perplexity}, {@code eval} and {@code bench} compute, asked from Java. */
class EvaluateTest {
  private static final NamedText TEXT =
      new NamedText("texts/tea.txt", "the heat at tea ".repeat(16));

  @TempDir private Path folder;

  private Engine open(int context) throws IOException {
    Path file = TinyModelWriter.write(TinyModel.mixture("evaluated", GgmlType.Q8_0), folder);
    return Engine.open(file, ModelOptions.defaults().withThreads(1).withContext(context));
  }

  @Test
  void perplexityTellsEachChunkAndDoesNotDivergeFromItself() throws IOException {
    List<Double> told = new ArrayList<>();
    PerplexityListener listener =
        new PerplexityListener() {
          @Override
          public void scored(int chunk, double perplexity) {
            told.add(perplexity);
          }
        };
    try (Engine engine = open(8)) {
      PerplexityResult alone = new PerplexityMeasurement(engine, TEXT, 2).run(listener);
      assertThat(alone.chunks()).isEqualTo(2);
      assertThat(alone.scoredTokens()).isEqualTo(2 * 3);
      assertThat(told).hasSize(2).last().isEqualTo(alone.perplexity());
      assertThat(alone.base()).isEmpty();
      PerplexityResult both = new PerplexityMeasurement(engine, TEXT, 2).against(engine, listener);
      assertThat(both.perplexity()).isEqualTo(alone.perplexity());
      assertThat(both.base().orElseThrow().klDivergence()).isZero();
      assertThat(both.base().orElseThrow().sameTopToken()).isEqualTo(1);
    }
  }

  @Test
  void perplexityRefusesInSentencesAndCanBeCancelled() throws IOException {
    PerplexityListener cancels =
        new PerplexityListener() {
          @Override
          public boolean isCancelled() {
            return true;
          }
        };
    try (Engine engine = open(8)) {
      var all = new PerplexityMeasurement(engine, TEXT, PerplexityMeasurement.ALL_CHUNKS);
      assertThatThrownBy(() -> all.run(cancels)).isInstanceOf(CancellationException.class);
      assertThatThrownBy(
              () -> new PerplexityMeasurement(engine, new NamedText("few.txt", "tea"), 1))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("few.txt has")
          .hasMessageContaining("at least 16");
    }
    assertThatThrownBy(() -> PerplexityMeasurement.requireContext(3))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("The context is 3");
  }

  @Test
  void nextTokensAreTheSameInABatchAndOneByOne() throws IOException {
    int[] tokens = {1, 5, 7};
    try (Engine engine = open(8)) {
      List<NextTokens.Position> batch = NextTokens.afterBatch(engine, tokens, 3);
      List<NextTokens.Position> each = NextTokens.afterEach(engine, tokens, 3, WorkListener.NONE);
      assertThat(batch).hasSize(3).last().extracting(NextTokens.Position::token).isEqualTo(7);
      for (int i = 0; i < tokens.length; i++) {
        NextTokens.Candidate best = batch.get(i).next().getFirst();
        assertThat(each.get(i).next().getFirst().id()).isEqualTo(best.id());
        assertThat(each.get(i).next().getFirst().p()).isCloseTo(best.p(), within(1e-2));
        assertThat(batch.get(i).next().get(2).p()).isLessThanOrEqualTo(best.p());
      }
    }
  }

  @Test
  void speedCountsPromptAndGeneratedTokens() throws IOException {
    var told = new long[1];
    WorkListener counts =
        new WorkListener() {
          @Override
          public void advance(long done) {
            told[0] += done;
          }
        };
    try (Engine engine = open(8)) {
      var workload = new Workload(4, 2);
      long[] samples = new SpeedRunner(engine, counts).samples(workload, 3);
      assertThat(told[0]).isEqualTo(3);
      SpeedResult result = SpeedResult.of(engine, workload, samples);
      assertThat(result.test()).isEqualTo("pp4+tg2");
      assertThat(result.samplesTs()).hasSize(3).allSatisfy(s -> assertThat(s).isPositive());
      assertThat(result.samplesTs().getFirst()).isEqualTo(6 * 1e9 / samples[0]);
    }
  }
}
