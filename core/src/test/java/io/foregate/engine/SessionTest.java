package io.foregate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.backend.KvType;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SessionTest {
  private static final int CONTEXT = 200;

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
  void routingIsToldBeforeTheExpertsRun() {
    try (Engine engine = open(mixture, 2);
        Session session = engine.newSession()) {
      List<String> told = new ArrayList<>();
      session.onRouting(
          (layer, position, routing) -> told.add(layer + "@" + position + "x" + routing.tokens()));
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
    EngineOptions options = EngineOptions.defaults();
    assertThatThrownBy(() -> Engine.open(mixture, options.withPolicy("magic")))
        .isInstanceOfSatisfying(
            ForegateException.class, e -> assertThat(e.hint()).contains("resident"));
    assertThatThrownBy(() -> Engine.open(mixture, options.withBackend("abacus")))
        .isInstanceOfSatisfying(ForegateException.class, e -> assertThat(e.hint()).contains("cpu"));
  }

  private static Engine open(Path model, int threads) {
    return Engine.open(
        model,
        EngineOptions.defaults().withThreads(threads).withContext(CONTEXT).withKvType(KvType.F32));
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
