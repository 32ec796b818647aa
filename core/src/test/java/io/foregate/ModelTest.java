package io.foregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The public API, on a model of random weights. */
class ModelTest {
  private static final String PROMPT = "Once upon a time";

  @TempDir static Path folder;
  private static Model model;

  @BeforeAll
  static void open() throws IOException {
    Path file = TinyModelWriter.write(TinyModel.mixture("api", GgmlType.Q8_0), folder);
    model = Model.open(file, ModelOptions.defaults().withThreads(2).withContext(96));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @Test
  void piecesMakeUpTheText() {
    List<String> pieces = new ArrayList<>();
    Generation generation = model.generate(PROMPT, options(24), pieces::add);
    assertThat(String.join("", pieces)).isEqualTo(generation.text());
    assertThat(generation.tokens()).isLessThanOrEqualTo(24);
    assertThat(generation.promptTokens()).isPositive();
    assertThat(generation.stats().decodedTokens()).isEqualTo(generation.tokens() - 1);
    assertThat(generation.stats().timeToFirstTokenSeconds()).isPositive();
  }

  @Test
  void theSameSeedGivesTheSameText() {
    String first = model.generate(PROMPT, options(24).withSeed(5)).text();
    assertThat(model.generate(PROMPT, options(24).withSeed(5)).text()).isEqualTo(first);
    assertThat(model.generate(PROMPT, options(24).withSeed(6)).text()).isNotEqualTo(first);
  }

  @Test
  void streamingGivesTheSameText() {
    String expected = model.generate(PROMPT, options(24)).text();
    try (var stream = model.stream(PROMPT, options(24))) {
      assertThat(stream.collect(Collectors.joining())).isEqualTo(expected);
    }
    try (var stream = model.stream(PROMPT, options(24))) {
      assertThat(stream.limit(2).toList()).hasSize(2);
    }
    assertThat(model.memory().kvCache()).as("all sessions are closed").isZero();
  }

  @Test
  void endsWhenTheContextIsFull() {
    Generation generation = model.generate(PROMPT, options(-1).withTemperature(3f));
    if (generation.finishReason() != FinishReason.STOP) {
      assertThat(generation.finishReason()).isEqualTo(FinishReason.CONTEXT);
      assertThat(generation.promptTokens() + generation.tokens()).isEqualTo(96 + 1);
    }
  }

  @Test
  void endsAtAStopStringWithoutIt() {
    String text = model.generate(PROMPT, options(40)).text();
    String stop = text.substring(text.length() / 2, text.length() / 2 + 2);
    Generation generation = model.generate(PROMPT, options(40).withStop(stop));
    assertThat(generation.text()).isEqualTo(text.substring(0, text.indexOf(stop)));
    assertThat(generation.finishReason()).isEqualTo(FinishReason.STOP);
  }

  @Test
  void anInterruptEndsItAndIsConsumed() {
    Generation generation =
        model.generate(PROMPT, options(50), text -> Thread.currentThread().interrupt());
    assertThat(generation.finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(generation.tokens()).isLessThan(50);
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  @Test
  void aPromptLongerThanTheContextIsRefused() {
    assertThatThrownBy(() -> model.generate("word ".repeat(200), options(1)))
        .isInstanceOfSatisfying(
            ForegateException.class,
            e -> {
              assertThat(e).hasMessageContaining("context of 96");
              assertThat(e.hint()).contains("--ctx");
            });
    assertThat(model.memory().kvCache()).isZero();
  }

  @Test
  void impossibleOptionsAreRefused() {
    assertThatThrownBy(() -> options(1).withTopP(1.5f)).isInstanceOf(ForegateException.class);
    assertThatThrownBy(() -> options(1).withTemperature(-1)).isInstanceOf(ForegateException.class);
    assertThatThrownBy(() -> options(1).withStop("")).isInstanceOf(ForegateException.class);
  }

  private static GenerateOptions options(int maxTokens) {
    return GenerateOptions.defaults().withMaxTokens(maxTokens).withSeed(1);
  }
}
