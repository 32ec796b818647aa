package io.foregate;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.cli.TinyGguf;
import io.foregate.error.ForegateException;
import io.foregate.options.GenerateOptions;
import io.foregate.options.ModelOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Conversations with a model of random weights, which answers nonsense, but always the same. */
class ChatTest {
  private static final int CONTEXT = 256;
  private static final GenerateOptions GREEDY =
      GenerateOptions.defaults().withTemperature(0).withMaxTokens(12);
  private static final String TEMPLATE =
      "{% for m in messages %}{{ m.role[0] }}={{ m.content }};{% endfor %}"
          + "{% if add_generation_prompt %}a={% endif %}";

  @TempDir private Path folder;
  private final List<Model> opened = new ArrayList<>();

  @AfterEach
  void close() {
    opened.forEach(Model::close);
  }

  private Model open(String template) {
    Path file = folder.resolve(opened.size() + ".gguf");
    TinyGguf.mixture().withChatTemplate(template).write(file);
    Model model = Model.open(file, ModelOptions.defaults().withThreads(2).withContext(CONTEXT));
    opened.add(model);
    return model;
  }

  private static Generation send(Chat chat, String message) {
    return chat.send(message, text -> {});
  }

  @Test
  void answersAsIfTheWholeConversationWereThePrompt() {
    Model model = open(TEMPLATE);
    try (Chat chat = model.chat(GREEDY)) {
      chat.system("the");
      var streamed = new StringBuilder();
      Generation first = chat.send("hat", streamed::append);
      Generation second = send(chat, "toe");

      String start = "s=the;u=hat;a=";
      Generation whole = model.generate(start + first.text() + ";u=toe;a=", GREEDY);
      assertThat(streamed).hasToString(first.text());
      assertThat(first)
          .extracting(Generation::text)
          .isEqualTo(model.generate(start, GREEDY).text());
      assertThat(second.text()).isEqualTo(whole.text());
    }
  }

  @Test
  void penalizesWhatEarlierTurnsSaid() {
    Model model = open(TEMPLATE);
    GenerateOptions penalty = GREEDY.withRepeatPenalty(4).withRepeatLastN(CONTEXT);
    try (Chat chat = model.chat(penalty)) {
      // Every character that can be typed, so that the model would like to repeat some of them.
      String all = IntStream.range(' ' + 1, 127).mapToObj(Character::toString).collect(joining());
      Generation first = send(chat, all);
      Generation second = send(chat, "toe");

      String whole = "u=" + all + ";a=" + first.text() + ";u=toe;a=";
      assertThat(second.text()).isEqualTo(model.generate(whole, penalty).text());
    }
  }

  @Test
  void closingTwiceDoesNothingAndAClosedOneSaysSo() {
    Model model = open(TEMPLATE);
    Chat chat = model.chat(GREEDY);
    chat.close();
    chat.close();
    assertThat(model.memory().kvCache()).isZero();
    assertThatThrownBy(() -> send(chat, "hat"))
        .isExactlyInstanceOf(IllegalStateException.class)
        .hasMessage("the session has been closed");
  }

  @Test
  void feedsOnlyWhatIsNew() {
    Model model = open(TEMPLATE);
    try (Chat chat = model.chat(GREEDY)) {
      Generation first = send(chat, "a".repeat(100));
      Generation second = send(chat, "e");

      assertThat(first.promptTokens()).isGreaterThan(100);
      // The second message, and the answer if its random bytes are not the tokens of their text.
      assertThat(second.promptTokens()).isLessThan(first.promptTokens() / 2);
    }
  }

  /** Counted exactly: an answer of one token is not fed before the next turn. */
  @Test
  void everyTurnFeedsWhatTheTurnsBeforeHaveNotFed() {
    Model model = open(TEMPLATE);
    GenerateOptions oneToken = GREEDY.withMaxTokens(1);
    try (Chat chat = model.chat(oneToken)) {
      var conversation = new StringBuilder();
      int fed = 0;
      for (String message : List.of("a".repeat(50), "hat", "the toe")) {
        conversation.append("u=").append(message).append(";a=");
        Generation answer = send(chat, message);
        int all = model.generate(conversation.toString(), oneToken).promptTokens();
        assertThat(answer.promptTokens()).isEqualTo(all - fed);
        fed = all;
        conversation.append(answer.text()).append(';');
      }
    }
  }

  @Test
  void goesOnFromAFileAsIfItHadNeverEnded() {
    Path file = folder.resolve("chat.session");
    Model model = open(TEMPLATE);
    String second;
    int fed;
    try (Chat chat = model.chat(GREEDY)) {
      chat.system("the");
      send(chat, "a".repeat(100));
      chat.save(file);
      Generation answer = send(chat, "toe");
      second = answer.text();
      fed = answer.promptTokens();
    }
    try (Chat chat = model.chat(GREEDY, file)) {
      assertThat(chat.length()).isEqualTo(3);
      Generation answer = send(chat, "toe");
      assertThat(answer.text()).isEqualTo(second);
      assertThat(answer.promptTokens()).isEqualTo(fed);
    }
    try (Chat chat = model.chat(GREEDY, folder.resolve("none.session"))) {
      assertThat(chat.length()).isZero();
    }
  }

  @Test
  void generatesFromAFileAsWithoutOne() {
    Path file = folder.resolve("text.session");
    Model model = open(TEMPLATE);
    String start = "a".repeat(100);
    Generation first = model.generate(start, GREEDY, file, text -> {});
    assertThat(first.text()).isEqualTo(model.generate(start, GREEDY).text());
    Generation again = model.generate(start, GREEDY, file, text -> {});
    assertThat(again.text()).isEqualTo(first.text());
    assertThat(again.promptTokens()).isEqualTo(1);
    Generation other = model.generate(start + "the", GREEDY, file, text -> {});
    assertThat(other.promptTokens()).isLessThan(5);
    assertThat(other.text()).isEqualTo(model.generate(start + "the", GREEDY).text());
  }

  @Test
  void putsOneBeginningTokenBeforeTheText() {
    try (Chat without = open(TEMPLATE).chat(GREEDY);
        Chat with = open("{{ bos_token }}" + TEMPLATE).chat(GREEDY)) {
      Generation answer = send(without, "hat");

      assertThat(send(with, "hat").promptTokens()).isEqualTo(answer.promptTokens());
      assertThat(send(with, "e").text()).isEqualTo(send(without, "e").text());
    }
  }

  @Test
  void readsControlTokensOfTheTemplate() {
    try (Chat spelled = open("</s>" + TEMPLATE).chat(GREEDY);
        Chat without = open(TEMPLATE).chat(GREEDY)) {
      assertThat(send(spelled, "hat").promptTokens())
          .isEqualTo(send(without, "hat").promptTokens() + 1);
    }
  }

  @Test
  void writesPlainLinesWithoutATemplate() {
    Model model = open("");
    try (Chat chat = model.chat(GREEDY)) {
      Generation answer = send(chat, " hat ");

      assertThat(model.hasChatTemplate()).isFalse();
      assertThat(open(TEMPLATE).hasChatTemplate()).isTrue();
      Generation plain = model.generate("User: hat\nAssistant:", GREEDY);
      assertThat(answer.text()).isEqualTo(plain.text());
      assertThat(answer.promptTokens()).isEqualTo(plain.promptTokens());
    }
  }

  @Test
  void addsAStopToThoseThatWereGiven() {
    GenerateOptions options = GREEDY.withStop("x").andStop("\nUser:");

    assertThat(options.stop()).containsExactly("x", "\nUser:");
  }

  @Test
  void saysThatTheConversationDoesNotFit() {
    Model model = open(TEMPLATE);
    try (Chat chat = model.chat(GREEDY)) {
      Generation first = send(chat, "hat");
      assertThatThrownBy(() -> send(chat, "y".repeat(2 * CONTEXT)))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("context of " + CONTEXT);

      Generation second = send(chat, "toe");
      assertThat(second.text())
          .as("the message that did not fit is forgotten")
          .isEqualTo(model.generate("u=hat;a=" + first.text() + ";u=toe;a=", GREEDY).text());
    }
  }

  @Test
  void forgetsWhatWasSaidButNotTheSystemMessage() {
    try (Chat chat = open(TEMPLATE).chat(GREEDY)) {
      chat.system("the");
      String first = send(chat, "hat").text();
      send(chat, "toe");
      chat.clear();

      Generation again = send(chat, "hat");
      assertThat(again.text()).isEqualTo(first);
    }
  }

  @Test
  void tellsWhatTheTemplateRefuses() {
    try (Chat chat = open("{{ raise_exception('No system role!') }}").chat(GREEDY)) {
      assertThatThrownBy(() -> send(chat, "hat"))
          .isInstanceOf(ForegateException.class)
          .hasMessageEndingWith("No system role!");
    }
  }

  @Test
  void keepsAnAnswerAsFarAsItWent() {
    Model model = open(TEMPLATE);
    try (Chat chat = model.chat(GREEDY)) {
      Generation cut = chat.send("hat", text -> Thread.currentThread().interrupt());
      assertThat(cut.finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(cut.text()).isNotEmpty();

      assertThat(send(chat, "toe").text())
          .isEqualTo(model.generate("u=hat;a=" + cut.text() + ";u=toe;a=", GREEDY).text());
    }
  }

  @Test
  void forgetsAMessageWhoseAnswerWasCancelledBeforeItBegan() {
    Model model = open(TEMPLATE);
    try (Chat chat = model.chat(GREEDY)) {
      Thread.currentThread().interrupt();
      assertThat(send(chat, "hat").finishReason()).isEqualTo(FinishReason.CANCELLED);

      assertThat(send(chat, "toe").text()).isEqualTo(model.generate("u=toe;a=", GREEDY).text());
    }
  }

  @Test
  void drawsOtherRandomNumbersInEachTurn() {
    GenerateOptions random = GREEDY.withTemperature(2);
    try (Chat chat = open(TEMPLATE).chat(random);
        Chat same = open(TEMPLATE).chat(random)) {
      String first = send(chat, "hat").text();
      chat.clear();

      assertThat(send(chat, "hat").text()).isNotEqualTo(first);
      assertThat(send(same, "hat").text()).isEqualTo(first);
    }
  }

  @Test
  void givesItsMemoryBack() {
    Model model = open(TEMPLATE);
    try (Chat chat = model.chat(GREEDY)) {
      send(chat, "hat");
      assertThat(model.memory().kvCache()).isPositive();
    }
    assertThat(model.memory().kvCache()).isZero();
  }
}
