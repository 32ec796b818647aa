package io.foregate.cli.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.cli.Invocation;
import io.foregate.cli.ScriptedGguf;
import io.foregate.cli.TinyGguf;
import io.foregate.cli.terminal.ExitCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatCommandTest {
  private static final String TEMPLATE =
      "{% for m in messages %}{{ m.role[0] }}={{ m.content }};{% endfor %}a=";

  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() {
    model = TinyGguf.mixture().withChatTemplate(TEMPLATE).write(folder.resolve("tiny.gguf"));
  }

  /** The answers to piped messages, as JSON. */
  private List<JsonNode> answers(String input, Object... more) {
    Object[] args = {"chat", "-m", model, "--json", "-n", 6, "--temp", 0, "--ctx", 256};
    Object[] all = new Object[args.length + more.length];
    System.arraycopy(args, 0, all, 0, args.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    return Invocation.withInput(input, all).succeeds().out().lines().map(this::parse).toList();
  }

  private JsonNode parse(String line) {
    try {
      return new JsonMapper().readTree(line);
    } catch (IOException e) {
      throw new AssertionError(line, e);
    }
  }

  @Test
  void goesOnWithTheConversationOfASession() {
    Path file = folder.resolve("talk.session");
    List<JsonNode> whole = answers("hat\ntoe\n");
    answers("hat\n", "--session", file);
    List<JsonNode> rest = answers("toe\n", "--session", file);

    assertThat(rest).hasSize(1);
    assertThat(rest.getFirst().get("text")).isEqualTo(whole.getLast().get("text"));
    Invocation.withInput("a\n", "chat", "-m", model, "--session", file, "--system", "b")
        .fails(ExitCode.USAGE, "--system", "talk.session");
  }

  /** What was said before is kept, whatever ends the command. */
  @Test
  void aFailureKeepsTheConversation() {
    Path file = folder.resolve("failed.session");
    String tooLong = "hat ".repeat(300);
    Invocation failed =
        Invocation.withInput(
            "hat\n" + tooLong + "\n",
            "chat",
            "-m",
            model,
            "-n",
            2,
            "-c",
            100,
            "--json",
            "--session",
            file);
    assertThat(failed.code()).isEqualTo(ExitCode.FAILURE);
    assertThat(file).exists();
    assertThat(failed.out().lines()).hasSize(1);
  }

  @Test
  void answersEachLine() {
    List<JsonNode> answers = answers("hat\n\ntoe\n", "-p", "the");

    assertThat(answers)
        .extracting(a -> a.get("message").asText())
        .containsExactly("the", "hat", "toe");
    for (JsonNode answer : answers) {
      assertThat(answer.get("text").asText()).isNotEmpty();
      assertThat(answer.get("tokens").asInt()).isBetween(1, 6);
      assertThat(answer.get("finish_reason").asText()).isIn("length", "stop");
      assertThat(answer.at("/stats/prompt_tokens").asInt()).isPositive();
    }
  }

  @Test
  void printsAnswersAsText() {
    String out =
        Invocation.withInput("hat\ntoe\n", "chat", "-m", model, "-n", 6, "--temp", 0)
            .succeeds()
            .out();

    String expected =
        answers("hat\ntoe\n").stream()
            .map(a -> a.get("text").asText())
            .map(text -> text.endsWith("\n") ? text : text + "\n")
            .reduce("", String::concat);
    assertThat(out).isEqualTo(expected);
  }

  @Test
  void tellsTheModelHowToBehave() {
    int without = answers("hat").getFirst().at("/stats/prompt_tokens").asInt();
    int with = answers("hat", "--system", "the").getFirst().at("/stats/prompt_tokens").asInt();

    assertThat(with).isGreaterThan(without);
  }

  @Test
  void repliesUntilTheContextIsFull() {
    Invocation chat =
        Invocation.withInput(
            "hat\n", "chat", "-m", model, "--ctx", 32, "--seed", 3, "--temp", 3, "--json");

    String reason = parse(chat.out()).get("finish_reason").asText();
    assertThat(reason).isEqualTo("context");
    assertThat(chat.err()).contains("context of 32 tokens is full", "--ctx");
    assertThat(chat.code()).isEqualTo(ExitCode.OK);
  }

  @Test
  void saysOnceThatThereIsNoTemplate() {
    Path bare = TinyGguf.mixture().write(folder.resolve("bare.gguf"));
    Invocation chat = Invocation.withInput("a\ne\n", "chat", "-m", bare, "-n", 2, "--temp", 0);

    assertThat(chat.code()).isEqualTo(ExitCode.OK);
    assertThat(chat.err()).containsOnlyOnce("no chat template").contains("User:");
    assertThat(chat.err().lines()).hasSize(1);
  }

  @Test
  void statsFollowEachAnswer() {
    Invocation chat = Invocation.withInput("a\ne\n", "chat", "-m", model, "-n", 2, "--stats");

    assertThat(chat.err().split("first token", -1)).hasSize(3);
    assertThat(chat.out()).doesNotContain("tok/s");
  }

  @Test
  void aPipedMessageMayLookLikeACommand() {
    Invocation chat = Invocation.withInput("/exit\nhat\n", "chat", "-m", model, "-n", 2, "--json");
    assertThat(chat.code()).isEqualTo(ExitCode.OK);
    assertThat(chat.out()).contains("\"message\":\"/exit\"", "\"message\":\"hat\"");
    assertThat(chat.err().lines()).singleElement().asString().contains("sent as a message");
  }

  @Test
  void aPipeEndsWithTheFirstFailure() {
    Invocation chat =
        Invocation.withInput(
            "y".repeat(100) + "\nhat\n", "chat", "-m", model, "--ctx", 64, "-n", 2);

    chat.fails(ExitCode.FAILURE, "context of 64", "--ctx");
    assertThat(chat.out()).isEmpty();
  }

  @Test
  void aPersonMayGoOnAfterAFailure() {
    Invocation chat =
        Invocation.typing(
            "y".repeat(100) + "\nhat\n", "chat", "-m", model, "--ctx", 64, "-n", 2, "--temp", 0);

    assertThat(chat.code()).isEqualTo(ExitCode.OK);
    assertThat(chat.err()).contains("context of 64", "hint: ").endsWith("\n> > \n");
    assertThat(chat.out()).isNotBlank();
  }

  @Test
  void aPersonGivesCommands() {
    Invocation chat =
        Invocation.typing("/help\n/nothing\n/clear\n\n/exit\nhat\n", "chat", "-m", model, "-n", 2);

    assertThat(chat.code()).isEqualTo(ExitCode.OK);
    assertThat(chat.err())
        .contains("forget the conversation", "no command '/nothing'", "begins anew");
    assertThat(chat.out()).as("/exit came before the message").isEmpty();
  }

  @Test
  void clearingForgetsWhatWasSaid() {
    Object[] args = {"chat", "-m", model, "-n", 6, "--temp", 0, "--json"};
    List<String> answers =
        Invocation.typing("hat\n/clear\nhat\nhat\n", args).out().lines().toList();

    assertThat(parse(answers.get(1)).get("text")).isEqualTo(parse(answers.get(0)).get("text"));
    assertThat(parse(answers.get(2)).get("text")).isNotEqualTo(parse(answers.get(0)).get("text"));
  }

  @Test
  void aBadTemplateIsToldInASentence() {
    Path bad =
        TinyGguf.mixture()
            .withChatTemplate("{% if messages %}\n{{ 'open }}")
            .write(folder.resolve("bad.gguf"));
    Invocation.withInput("hat\n", "chat", "-m", bad)
        .fails(ExitCode.FAILURE, "tokenizer.chat_template", "line 2: unexpected char", "hint: ");

    Path refusing =
        TinyGguf.mixture()
            .withChatTemplate("{{ raise_exception('No system role!') }}")
            .write(folder.resolve("refusing.gguf"));
    Invocation.withInput("hat\n", "chat", "-m", refusing, "--system", "the")
        .fails(ExitCode.FAILURE, "refuses the conversation: No system role!", "hint: ");
  }

  @Test
  void aContextLongerThanTheModelsIsToldOnce() {
    Invocation chat =
        Invocation.withInput("a\ne\n", "chat", "-m", model, "-n", 2, "--ctx", 2 * TinyGguf.CONTEXT);
    assertThat(chat.code()).isEqualTo(ExitCode.OK);
    assertThat(chat.err().lines()).hasSize(1);
    assertThat(chat.err()).contains("trained for");
  }

  @Test
  void badOptionsAreUsage() {
    Invocation.of("chat").fails(ExitCode.USAGE, "--model", "foregate chat --help");
    Invocation.of("chat", "-m", model, "--top-p", 2).fails(ExitCode.USAGE, "top-p");
  }

  /** The template refuses, as gpt-oss's does, an answer that went back with its marks. */
  @Test
  void thoughtIsNotPartOfTheAnswer() {
    String jinja =
        "{% for m in messages %}{% if '<|channel|>' in m.content %}{{ raise_exception('No tags!') }}"
            + "{% endif %}{{ m.content }};{% endfor %}";
    Path scripted =
        ScriptedGguf.of(
                jinja, "<|channel|>analysis<|message|>I", " see", "<|channel|>final<|message|>b")
            .write(folder.resolve("scripted.gguf"));
    Object[] args = {"chat", "-m", scripted, "--temp", 0};

    assertThat(Invocation.withInput("hat\ntoe\n", args).succeeds().out()).isEqualTo("b\nb\n");
    assertThat(Invocation.watchedWithInput("hat\ntoe\n", args).err())
        .contains("\u001b[2mI\u001b[0m");
    Invocation json = Invocation.withInput("hat\ntoe\n", "chat", "-m", scripted, "--json", "-n", 1);
    for (String line : json.out().lines().toList()) {
      assertThat(parse(line).get("text").asText()).isEmpty();
      assertThat(parse(line).get("reasoning").asText()).isEqualTo("I");
    }
    assertThat(json.err()).contains("still thinking", "-n");
  }
}
