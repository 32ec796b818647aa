package io.foregate.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnswerPartsTest {
  private static final String THINK = "{{ m.reasoning_content }}<think>";
  private static final String CHANNELS = "<|channel|>";

  private record Told(String answer, String reasoning, String streamed) {}

  private static Told tell(String template, String prompt, List<String> pieces) {
    AnswerParts parts = ReasoningMarks.of(template).orElseThrow().parts(prompt);
    var streamed = new StringBuilder();
    pieces.forEach(piece -> parts.accept(piece, streamed::append, _ -> {}));
    parts.end(streamed::append, _ -> {});
    return new Told(parts.answer(), parts.reasoning(), streamed.toString());
  }

  private static Told tell(String template, String prompt, String text) {
    return tell(template, prompt, List.of(text));
  }

  @ParameterizedTest
  @CsvSource({
    "<think>a</think>b, b, a",
    "'\n <think>\na\n</think>\n\nb\n', 'b\n', a",
    "<think></think>b, b, ''",
    "a<think>b</think>, a<think>b</think>, ''",
    "a</think>b, a</think>b, ''",
    "<think>a</think>b<think>c</think>, b<think>c</think>, a",
    "<think>a, '', a",
    "<think>a</thi, '', a</thi",
    "<thin, <thin, ''",
    "'  a', '  a', ''",
    "'', '', ''"
  })
  void thoughtComesFirstAndBetweenTwoMarks(String text, String answer, String reasoning) {
    assertThat(tell(THINK, "a:", text)).isEqualTo(new Told(answer, reasoning, answer));
  }

  @Test
  void aPromptMayHaveBegunOrEndedTheThought() {
    assertThat(tell(THINK, "a:<think>\n", "b</think>\nc")).isEqualTo(new Told("c", "b", "c"));
    assertThat(tell(THINK, "a:<think>\n\n</think>\n\n", "c")).isEqualTo(new Told("c", "", "c"));
  }

  @ParameterizedTest
  @CsvSource({
    "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b, b, a",
    "<|channel|>final<|message|>b<|return|>, b, ''",
    "<|channel|>final <|constrain|>json<|message|>{}<|return|>, {}, ''",
    "<|channel|>commentary to=f <|constrain|>json<|message|>{}<|call|>, '', {}",
    "' to=f<|channel|>commentary json<|message|>{}<|call|>', ' to=f', {}",
    "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>analysis<|message|>b, '', 'a\nb'",
    "<|channel|>analysis<|message|>a, '', a",
    "<|channel|>analysis, '', ''",
    "no marks, no marks, ''",
  })
  void onlyTheFinalChannelIsTheAnswer(String text, String answer, String reasoning) {
    assertThat(tell(CHANNELS, "<|start|>assistant", text))
        .isEqualTo(new Told(answer, reasoning, answer));
  }

  @Test
  void otherMarks() {
    assertThat(tell("[THINK]", "", "[THINK]a[/THINK]b")).isEqualTo(new Told("b", "a", "b"));
    assertThat(tell("<|channel>thought\\n", "", "<|channel>thought\na<channel|>b"))
        .isEqualTo(new Told("b", "a", "b"));
    assertThat(
            tell(
                "<|begin|>assistant<|think|>",
                "<|begin|>assistant",
                "<|think|>a<|end|><|begin|>assistant<|content|>b<|end|>"))
        .isEqualTo(new Told("b", "a", "b"));
    assertThat(ReasoningMarks.of("{{ messages }}")).isEmpty();
  }

  /** Wherever the text is cut into pieces, the parts are the same. */
  @Property(tries = 200)
  void piecesMayEndAnywhere(@ForAll @Size(max = 12) List<Integer> lengths) {
    String text =
        " \n<|channel|>analysis<|message|>a<|x|>b<|end|><|start|>assistant<|channel|>final<|mess"
            + "age|>c < d <|channel>\n<|return|>";
    List<String> pieces = new ArrayList<>();
    int from = 0;
    for (int length : lengths) {
      int to = Math.min(text.length(), from + Math.floorMod(length, 9));
      pieces.add(text.substring(from, to));
      from = to;
    }
    pieces.add(text.substring(from));

    assertThat(tell(CHANNELS, "", pieces))
        .isEqualTo(new Told("c < d <|channel>\n", "a<|x|>b", "c < d <|channel>\n"));
  }
}
