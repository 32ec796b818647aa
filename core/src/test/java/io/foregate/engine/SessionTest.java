package io.foregate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.options.KvType;
import io.foregate.options.ModelOptions;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import io.foregate.schedule.policy.Policy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SessionTest {
  private static final int CONTEXT = 200;

  /** Two batches. */
  private static final int LONG = 600;

  @TempDir static Path folder;
  private static Path mixture;
  private static Path dense;
  private static final int[] TOKENS = TinyModel.mixture("tokens", GgmlType.F32).tokens();

  @BeforeAll
  static void writeModels() throws IOException {
    mixture = TinyModelWriter.write(TinyModel.mixture("session-moe", GgmlType.F32), folder);
    dense = TinyModelWriter.write(TinyModel.dense("session-dense", GgmlType.Q8_0), folder);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aBatchGivesWhatTokenByTokenGives(int threads) {
    for (Path model : List.of(mixture, dense)) {
      try (Engine engine = open(model, threads)) {
        float[] batch = logits(engine, TOKENS.length);
        for (int step : new int[] {1, 7}) {
          assertClose(logits(engine, step), batch);
        }
      }
    }
  }

  @Test
  void theNumberOfThreadsChangesNoBit() {
    for (Path model : List.of(mixture, dense)) {
      for (int step : new int[] {1, TOKENS.length}) {
        List<float[]> results = new ArrayList<>();
        for (int threads : new int[] {1, 2, 3}) {
          try (Engine engine = open(model, threads)) {
            results.add(logits(engine, step));
          }
        }
        assertThat(results.get(1)).containsExactly(results.get(0));
        assertThat(results.get(2)).containsExactly(results.get(0));
      }
    }
  }

  @Test
  void feedAllEndsWhereFeedEndsAndSeesEveryToken() {
    try (Engine engine = open(mixture, 2);
        Session session = engine.newSession()) {
      List<float[]> rows = new ArrayList<>();
      int vocabulary = engine.config().vocabulary();
      session.feedAll(
          TOKENS,
          0,
          TOKENS.length,
          (i, logits, at) -> rows.add(Arrays.copyOfRange(logits, at, at + vocabulary)));
      assertThat(rows).hasSize(TOKENS.length);
      assertClose(rows.getLast(), session.logits());
      assertClose(session.logits(), logits(engine, TOKENS.length));
      try (Session other = engine.newSession()) {
        other.feed(TOKENS, 0, 10);
        assertClose(rows.get(9), other.logits());
      }
    }
  }

  @Test
  void truncatingForgetsExactlyTheRest() {
    try (Engine engine = open(mixture, 2);
        Session session = engine.newSession()) {
      float[] expected = logits(engine, TOKENS.length);
      session.feed(TOKENS, 0, 30);
      session.feed(new int[] {5, 6, 7, 8, 9}, 0, 5);
      assertThat(session.commonPrefix(TOKENS)).isEqualTo(30);
      session.truncate(30);
      assertThatThrownBy(session::logits).isInstanceOf(IllegalStateException.class);
      session.feed(TOKENS, 30, TOKENS.length);
      assertClose(session.logits(), expected);
    }
  }

  @Test
  void sessionsTakeTurnsOnTheDevice() {
    try (Engine engine = open(mixture, 2)) {
      float[] expected = logits(engine, 1);
      List<CompletableFuture<float[]>> running = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        running.add(CompletableFuture.supplyAsync(() -> logits(engine, 1)));
      }
      running.forEach(f -> assertThat(f.join()).containsExactly(expected));
    }
  }

  @Test
  void aLongPromptLetsOthersInBetweenItsBatches() {
    try (Engine engine = open(mixture, 1, LONG);
        Session prompt = engine.newSession();
        Session other = engine.newSession()) {
      List<String> order = Collections.synchronizedList(new ArrayList<>());
      other.onRouting((layer, position, routing, inputs) -> order.add("other"));
      var second = new Thread(() -> other.feed(TOKENS, 0, 1));
      prompt.onRouting(
          (layer, position, routing, inputs) -> {
            order.add("prompt " + position);
            if (position == 0 && layer == 0) {
              second.start();
              while (second.getState() != Thread.State.WAITING) {
                Thread.onSpinWait(); // until it queues for the device
              }
            }
          });
      prompt.feed(new int[LONG], 0, LONG);
      assertThat(order)
          .containsExactly("prompt 0", "prompt 0", "other", "other", "prompt 512", "prompt 512");
    }
  }

  @Test
  void aCancelledFeedStopsBetweenBatchesAndCanGoOn() {
    try (Engine engine = open(mixture, 2, LONG);
        Session session = engine.newSession();
        Session whole = engine.newSession()) {
      int[] tokens = new Random(1).ints(LONG, 0, engine.config().vocabulary()).toArray();
      assertThat(session.feed(tokens, 0, LONG, () -> session.position() > 0)).isFalse();
      assertThat(session.position()).isEqualTo(512);
      assertThat(session.commonPrefix(tokens)).isEqualTo(512);
      assertThatThrownBy(session::logits).isInstanceOf(IllegalStateException.class);

      assertThat(session.feed(tokens, 512, LONG, () -> false)).isTrue();
      whole.feed(tokens, 0, LONG);
      assertThat(session.logits()).containsExactly(whole.logits());
      assertThat(session.lastTokens(3)).containsExactly(Arrays.copyOfRange(tokens, LONG - 3, LONG));
      assertThat(session.lastTokens(LONG + 1)).containsExactly(tokens);
    }
  }

  @Test
  void closingTwiceDoesNothingAndWhatIsClosedSaysSo() {
    Engine engine = open(mixture, 1);
    Session closed = engine.newSession();
    Session left = engine.newSession();
    closed.close();
    closed.close();
    assertThatThrownBy(() -> closed.feed(TOKENS, 0, 1))
        .isExactlyInstanceOf(IllegalStateException.class)
        .hasMessage("the session has been closed");
    engine.close();
    engine.close();
    assertThatThrownBy(() -> left.feed(TOKENS, 0, 1))
        .isExactlyInstanceOf(IllegalStateException.class)
        .hasMessage("the model has been closed");
    assertThatThrownBy(engine::newSession).hasMessage("the model has been closed");
    left.close();
  }

  @Test
  void anImpossibleNumberOfThreadsIsRefused() {
    for (int threads : new int[] {-1, ModelOptions.MAX_THREADS + 1}) {
      assertThatThrownBy(() -> open(mixture, threads))
          .isInstanceOfSatisfying(
              ForegateException.class, e -> assertThat(e.hint()).contains("cores"))
          .hasMessageContaining("threads is " + threads)
          .hasMessageContaining("to " + ModelOptions.MAX_THREADS);
    }
  }

  @Test
  void routingIsToldBeforeTheExpertsRun() {
    try (Engine engine = open(mixture, 2);
        Session session = engine.newSession()) {
      List<String> told = new ArrayList<>();
      session.onRouting(
          (layer, position, routing, inputs) ->
              told.add(layer + "@" + position + "x" + routing.tokens()));
      session.feed(TOKENS, 0, 3);
      session.feed(TOKENS, 3, 4);
      assertThat(told).containsExactly("0@0x3", "1@0x3", "0@3x1", "1@3x1");
    }
  }

  @Test
  void whatDoesNotFitTheContextIsRefusedAndNothingIsFed() {
    try (Engine engine = open(mixture, 1);
        Session session = engine.newSession()) {
      int[] many = new int[CONTEXT + 1];
      assertThatThrownBy(() -> session.feed(many, 0, many.length))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("201 tokens")
          .hasMessageContaining("context of 200");
      assertThat(session.position()).isZero();
      session.feed(many, 0, CONTEXT);
      assertThatThrownBy(() -> session.feed(many, 0, 1)).isInstanceOf(ForegateException.class);
    }
  }

  @Test
  void tokensOutsideTheVocabularyAreRefused() {
    try (Engine engine = open(mixture, 1);
        Session session = engine.newSession()) {
      for (int token : new int[] {-1, engine.config().vocabulary()}) {
        assertThatThrownBy(() -> session.feed(new int[] {token}, 0, 1))
            .isInstanceOf(ForegateException.class)
            .hasMessageContaining("Token " + token);
      }
    }
  }

  @Test
  void unknownPoliciesAndBackendsNameTheKnownOnes() {
    ModelOptions options = ModelOptions.defaults();
    assertThatThrownBy(() -> Policy.named("magic"))
        .isInstanceOfSatisfying(
            ForegateException.class, e -> assertThat(e.hint()).contains("resident"));
    assertThatThrownBy(() -> Engine.open(mixture, options.withBackend("abacus")))
        .isInstanceOfSatisfying(ForegateException.class, e -> assertThat(e.hint()).contains("cpu"));
  }

  private static Engine open(Path model, int threads) {
    return open(model, threads, CONTEXT);
  }

  private static Engine open(Path model, int threads, int context) {
    return Engine.open(
        model,
        ModelOptions.defaults().withThreads(threads).withContext(context).withKvType(KvType.F32));
  }

  /** Logits after all tokens, fed {@code step} at a time. */
  private static float[] logits(Engine engine, int step) {
    try (Session session = engine.newSession()) {
      for (int from = 0; from < TOKENS.length; from += step) {
        session.feed(TOKENS, from, Math.min(from + step, TOKENS.length));
      }
      return session.logits().clone();
    }
  }

  /** Equal up to the order of float additions, which differs between kernels. */
  private static void assertClose(float[] actual, float[] expected) {
    double largest = 0;
    double error = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      error = Math.max(error, Math.abs(expected[i] - actual[i]));
    }
    assertThat(error).isLessThan(0.01 * largest);
  }
}
