package io.foregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.options.GenerateOptions;
import io.foregate.options.ModelOptions;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The public API, on a model of random weights. */
class ModelTest {
  private static final String PROMPT = "Once upon a time";

  @TempDir static Path folder;
  private static Path file;
  private static Model model;

  @BeforeAll
  static void open() throws IOException {
    file = TinyModelWriter.writeEndless(TinyModel.mixture("api", GgmlType.Q8_0), folder);
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
  void aStreamThatWasReadToItsEndGivesItsMemoryBack() {
    Stream<String> unclosed = model.stream(PROMPT, options(24));
    assertThat(model.memory().kvCache()).isPositive();
    assertThat(unclosed.toList()).isNotEmpty();
    assertThat(model.memory().kvCache()).isZero();
    unclosed.close();
    assertThat(model.memory().kvCache()).as("closed after its end").isZero();
  }

  @Test
  void endsWhenTheContextIsFull() {
    // Greedy, so that no end-of-text token is drawn by chance.
    Generation generation = model.generate(PROMPT, options(-1).withTemperature(0));
    assertThat(generation.finishReason()).isEqualTo(FinishReason.CONTEXT);
    assertThat(generation.promptTokens() + generation.tokens()).isEqualTo(96 + 1);
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
  void anInterruptEndsALongPromptBetweenItsSteps() throws Exception {
    try (Model wide = Model.open(file, ModelOptions.defaults().withThreads(1).withContext(4000))) {
      String prompt = "word ".repeat(700);
      var call = new FutureTask<>(() -> wide.generate(prompt, options(3)));
      Thread caller = Thread.ofPlatform().start(call);
      interruptWhileFeeding(caller);
      Generation generation = call.get();
      assertThat(generation.finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(generation.tokens()).isZero();
      assertThat(generation.stats().promptTokens()).isPositive();
      assertThat(generation.stats().promptTokens()).isLessThan(generation.promptTokens());
      assertThat(generation.stats().promptTokensPerSecond()).isPositive();
      assertThat(generation.stats().timeToFirstTokenSeconds()).isZero();
      assertThat(wide.memory().kvCache()).isZero();
    }
  }

  /** Interrupts a thread once it is in the first step of a prompt. */
  private static void interruptWhileFeeding(Thread caller) {
    while (caller.isAlive()
        && Arrays.stream(caller.getStackTrace())
            .noneMatch(frame -> frame.getMethodName().equals("forward"))) {
      Thread.onSpinWait();
    }
    caller.interrupt();
  }

  @Test
  void figuresTellWhatWasFedAndWhatTheCallerWaitedFor() {
    GenerationStats none = model.generate(PROMPT, options(0)).stats();
    assertThat(none.promptTokens()).isZero();
    assertThat(none.promptTokensPerSecond()).isZero();
    assertThat(none.timeToFirstTokenSeconds()).isZero();

    Generation some = model.generate(PROMPT, options(2));
    assertThat(some.stats().promptTokens()).isEqualTo(some.promptTokens());
    assertThat(some.stats().timeToFirstTokenSeconds())
        .as("tokenizing and making the KV cache take time, too")
        .isGreaterThan(some.stats().promptSeconds());
  }

  @Test
  void aClosedModelSaysSo() {
    Model closed = Model.open(file);
    Chat chat = closed.chat(options(1));
    Stream<String> stream = closed.stream(PROMPT, options(1));
    long before = closed.memory().kvCache();
    closed.close();
    closed.close();
    for (ThrowingCallable use :
        List.<ThrowingCallable>of(
            () -> closed.generate(PROMPT, options(1)),
            () -> closed.stream(PROMPT, options(1)),
            () -> closed.chat(options(1)),
            () -> chat.send("Hi", text -> {}))) {
      assertThatThrownBy(use)
          .isExactlyInstanceOf(IllegalStateException.class)
          .hasMessage("the model has been closed");
      assertThat(closed.memory().kvCache()).isEqualTo(before);
    }
    assertThatThrownBy(stream::toList).hasMessage("the model has been closed");
    chat.close();
    assertThat(closed.memory().kvCache()).as("given back after the model, too").isZero();
  }

  @Test
  void aWindowOfRepetitionsIsNotLargerThanTheContext() {
    GenerateOptions whole = options(8).withRepeatPenalty(1.5f).withRepeatLastN(96);
    String text = model.generate(PROMPT, whole).text();
    assertThat(model.generate(PROMPT, whole.withRepeatLastN(Integer.MAX_VALUE)).text())
        .isEqualTo(text);
  }

  @Test
  void aPromptLongerThanTheContextIsRefused() {
    assertThatThrownBy(() -> model.generate("word ".repeat(200), options(1)))
        .isInstanceOfSatisfying(
            ForegateException.class,
            e -> {
              assertThat(e).hasMessageContaining("context of 96");
              assertThat(e.hint()).contains("larger context");
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
