package io.foregate.cli.chat;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.cli.Cli;
import io.foregate.cli.Invocation;
import io.foregate.cli.TinyGguf;
import io.foregate.cli.terminal.Cancellation;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.Terminal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of a conversation, typed at a terminal that cannot edit lines. */
class ChatOrdersTest {
  private static final String TEMPLATE =
      "{% for m in messages %}{{ m.role[0] }}={{ m.content }};{% endfor %}a=";

  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() {
    model = TinyGguf.mixture().withChatTemplate(TEMPLATE).write(folder.resolve("tiny.gguf"));
  }

  private Invocation typing(String input, Object... more) {
    Object[] args = {"chat", "-m", model, "-n", 4, "--temp", 0, "--ctx", 256, "--json"};
    Object[] all = new Object[args.length + more.length];
    System.arraycopy(args, 0, all, 0, args.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    return Invocation.typing(input, all);
  }

  /** Whoever ends a conversation that cannot be kept may still keep it elsewhere. */
  @Test
  void whatCannotBeKeptDoesNotEnd() {
    Path taken = folder.resolve("a.session");
    Path other = folder.resolve("b.session");
    var in = new ByteArrayInputStream(("hat\n/exit\n/save " + other + "\n/exit\n").getBytes(UTF_8));
    var err = new ByteArrayOutputStream();
    OutputStream out =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            Files.writeString(taken, "notes"); // somebody else's, while the answer is printed
          }
        };
    int code =
        Cli.run(
            new Terminal(in, out, err, false, false, true, UTF_8),
            new Cancellation(),
            "chat",
            "-m",
            model.toString(),
            "-n",
            "4",
            "--json",
            "--session",
            taken.toString());
    assertThat(code).as(err.toString(UTF_8)).isEqualTo(ExitCode.OK);
    assertThat(err.toString(UTF_8))
        .contains("a.session: is not a session but a text file", "/save FILE keeps it elsewhere");
    assertThat(taken).hasContent("notes");
    assertThat(typing("/load " + other + "\n").err()).contains("goes on: 2 messages");
  }

  private static List<String> answers(Invocation chat) {
    return chat.out().lines().map(line -> line.replaceFirst(",\"stats\".*", "")).toList();
  }

  @Test
  void setShowsAndChangesHowAnswersAreMade() {
    Invocation chat =
        typing(
            "/set\n/set top_k 5\n/set parameter seed 7\n/set --min-p 0.5\n/set stop x y\n/set\n");
    assertThat(chat.code()).isEqualTo(ExitCode.OK);
    for (String name : Settings.names()) {
      assertThat(chat.err().split("[\n>] +" + name + "  ", -1)).as(name).hasSize(3);
    }
    assertThat(chat.err())
        .containsPattern("top-k +40")
        .containsPattern("top-k +5\n")
        .containsPattern("seed +7\n")
        .containsPattern("min-p +0.5\n")
        .containsPattern("stop +x y\n")
        .containsPattern("max-tokens +4\n")
        .containsPattern("temp +0.0\n")
        .containsPattern("system +none\n");
  }

  @Test
  void whatIsSetHolds() {
    Invocation chat = typing("hat\n/set max-tokens 2\n/clear\nhat\n");
    assertThat(chat.out().lines().toList().getFirst()).contains("\"tokens\":4");
    assertThat(chat.out().lines().toList().getLast()).contains("\"tokens\":2");
  }

  @Test
  void whatCannotBeSetIsASentenceAndChangesNothing() {
    Invocation chat =
        typing(
            "/set tmp 1\n/set zzz 1\n/set temp hot\n/set top-k 1.5\n/set top-p 2\n/set n -2\n/set\n");
    assertThat(chat.code()).isEqualTo(ExitCode.OK);
    assertThat(chat.err())
        .contains("no setting 'tmp'", "Did you mean temp?", "no setting 'zzz'")
        .contains("temp is 'hot', expected a number", "top-k is '1.5', expected a whole number")
        .contains("top-p is 2.0", "max-tokens is -2, expected 0 or more")
        .containsPattern("temp +0.0\n")
        .doesNotContain("internal error");
  }

  @Test
  void theModelIsToldHowToBehaveAtAnyTime() {
    String told = answers(typing("hat\n", "--system", "the")).getFirst();
    assertThat(answers(typing("/set system \"the\"\nhat\n")).getFirst()).isEqualTo(told);
    Invocation late = typing("hat\n/set system the\n/clear\nhat\n/set system\n");
    assertThat(answers(late).getLast()).isEqualTo(told);
    assertThat(late.err()).contains("system: the");
  }

  @Test
  void statsCountWhatWasSaid() {
    Invocation chat = typing("hat\n/stats\n", "--policy", "lru", "--expert-slots", "75%");
    assertThat(chat.err())
        .containsPattern("messages +2\n")
        .containsPattern("context +\\d+ of 256 tokens \\(\\d+\\.\\d %\\)")
        .containsPattern("prompts +\\d+ tokens, ")
        .containsPattern("answers +4 tokens, ")
        .containsPattern("backend +cpu")
        .containsPattern("experts +\\d+ due: .* hit, .* missed");
  }

  @Test
  void aConversationIsSavedAndGoesOn() {
    Path file = folder.resolve("a talk.session");
    String whole = answers(typing("hat\ntoe\n")).getLast();
    Invocation first = typing("hat\n/save '" + file + "'\n");
    assertThat(first.err()).contains("is in " + file);

    Invocation second = typing("/load " + file + "\ntoe\n/save\n/stats\n");
    assertThat(answers(second)).containsExactly(whole);
    assertThat(second.err()).contains("goes on: 2 messages").containsPattern("messages +4\n");
  }

  @Test
  void savingOverwritesNothing() throws IOException {
    Path letter = Files.writeString(folder.resolve("letter.txt"), "dear");
    Path other = folder.resolve("other.session");
    typing("toe\n/save " + other + "\n");
    byte[] before = Files.readAllBytes(other);

    Invocation chat = typing("hat\n/save " + letter + "\n/save " + other + "\n/save\n");
    assertThat(chat.err())
        .contains("letter.txt is there already", "other.session is there already");
    assertThat(chat.err()).contains("/save needs the name of a file");
    assertThat(letter).hasContent("dear");
    assertThat(Files.readAllBytes(other)).isEqualTo(before);
  }

  @Test
  void loadingLosesNothing() throws IOException {
    Path kept = folder.resolve("kept.session");
    typing("toe\n/save " + kept + "\n");

    Invocation chat =
        typing(
            "hat\n/load "
                + kept
                + "\n/load none\n/load "
                + model
                + "\nhat\n/clear\n/load "
                + kept
                + "\n");
    assertThat(chat.err())
        .contains("in no file: 2 messages", "none: no such file", "goes on: 2 messages");
    assertThat(answers(chat)).isEqualTo(answers(typing("hat\nhat\n")));

    Path session = folder.resolve("mine.session");
    typing("hat\n/load " + kept + "\n", "--session", session);
    assertThat(typing("/stats\n", "--session", session).err()).containsPattern("messages +2\n");
  }

  @Test
  void aFileThatIsNoConversationIsRefusedAndThisOneGoesOn() {
    Invocation chat = typing("/load " + model + "\nhat\n");
    assertThat(chat.err()).contains("tiny.gguf", "hint: ");
    assertThat(answers(chat)).isEqualTo(answers(typing("hat\n")));
  }

  @Test
  void unknownCommandsNameTheNearest() {
    Invocation chat = typing("/stta\n/sve x\n/nothing at all\n//hat\n/bye\nhat\n");
    assertThat(chat.err())
        .contains("'/stta'; did you mean /stats?", "'/sve'; did you mean /save?")
        .contains("no command '/nothing'. /help");
    assertThat(chat.out().lines()).singleElement().asString().contains("\"message\":\"/hat\"");
  }

  @Test
  void severalLinesAreOneMessage() {
    Invocation chat = typing("a\\\nb\n\"\"\"c\n\nd\\\n\"\"\"\n");
    assertThat(chat.out().lines())
        .satisfiesExactly(
            first -> assertThat(first).contains("\"message\":\"a\\nb\""),
            second -> assertThat(second).contains("\"message\":\"c\\n\\nd\\\\\""));
  }

  @Test
  void whatIsReadOnlyIsNotSaidToBeLost() throws IOException {
    Path notes = Files.writeString(folder.resolve("notes.txt"), "notes");
    assertThat(typing("/load " + notes + "\n").err())
        .contains("notes.txt: is not a session but a text file.\nhint: Check the path.")
        .doesNotContain("lost");
  }

  @Test
  void aValueOutOfRangeIsAnsweredWithOneThatIsNot() {
    assertThat(typing("/set top-k -5\n").err())
        .contains("top-k is -5", "hint: For instance: /set top-k 40");
    assertThat(typing("/set top-p 3\n").err()).contains("hint: For instance: /set top-p 0.9");
    assertThat(typing("/set max-tokens -5\n").err()).contains("/set max-tokens -1");
  }

  /** What comes from a pipe is a message, whatever it begins with; who meant more is told. */
  @Test
  void ordersFromAPipeAreMessages() {
    Object[] chat = {"chat", "-m", model, "-n", 1, "--json"};
    Invocation orders = Invocation.withInput("/save\n/set\nhat\n", chat).requireExit(ExitCode.OK);
    assertThat(orders.err().lines())
        .containsExactly("foregate: /save was sent as a message: orders work at a terminal only.");
    assertThat(orders.out().lines()).hasSize(3);
    Invocation.withInput("/usr/bin is a folder\n//save\n", chat).succeeds();
  }
}
