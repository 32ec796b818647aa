package io.foregate.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BytePairTest {
  /** The id of an ASCII letter: the vocabulary begins with the bytes in order. */
  private static int letter(char c) {
    return c;
  }

  @Test
  void mergesInTheOrderOfTheList() {
    Tokenizer tokenizer = TinyFile.bytePair("gpt-2", "b c", "a b", "a bc").tokenizer();

    assertThat(tokenizer.encode("abc", false, false)).containsExactly(258);
    assertThat(tokenizer.encode("ab", false, false)).containsExactly(257);
  }

  @Test
  void mergesNothingAcrossWords() {
    Tokenizer tokenizer = TinyFile.bytePair("gpt-2", "a Ġ", "Ġ b").tokenizer();

    assertThat(tokenizer.encode("a b", false, false)).containsExactly(letter('a'), 257);
  }

  @Test
  void prefersWholeWordsWhereTheFamilyDoes() {
    TinyFile llama3 = TinyFile.bytePair("llama-bpe", "a b");
    int word = llama3.next();
    Tokenizer tokenizer =
        llama3
            .token("abc", 0, TokenType.NORMAL)
            .with("tokenizer.ggml.add_bos_token", false)
            .tokenizer();

    assertThat(tokenizer.encode("abc", true, false)).containsExactly(word);
  }

  @Test
  void spellsOutASymbolThatIsNoToken() {
    Tokenizer tokenizer =
        TinyFile.bytePair("gpt-2")
            .withMerges("a b", "ab c")
            .token("abcd", 0, TokenType.NORMAL)
            .tokenizer();

    assertThat(tokenizer.encode("abc", false, false))
        .containsExactly(letter('a'), letter('b'), letter('c'));
  }

  @Test
  void saysWhichBeginningTokenIsMissing() {
    TinyFile file = TinyFile.bytePair("llama-bpe");

    assertThatThrownBy(file::tokenizer)
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("tokenizer.ggml.bos_token_id");
  }

  @Test
  void listsTheSupportedWaysOfSplitting() {
    TinyFile file = TinyFile.bytePair("no-such-family");

    assertThatThrownBy(file::tokenizer)
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("'no-such-family'")
        .hasMessageContaining("llama-bpe")
        .hasMessageContaining("qwen2");
  }

  @Test
  void refusesAMergeOfOneSymbol() {
    TinyFile file = TinyFile.bytePair("gpt-2", "ab");

    assertThatThrownBy(file::tokenizer)
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("tokenizer.ggml.merges[0] is 'ab'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "default",
        "gpt-2",
        "refact",
        "dbrx",
        "qwen2",
        "qwen35",
        "bailingmoe",
        "deepseek-llm",
        "deepseek-coder",
        "deepseek-v3",
        "gpt-4o",
        "falcon"
      })
  void encodesAMegabyteInLinearTime(String pre) {
    Tokenizer tokenizer = TinyFile.bytePair(pre, "a a", "aa aa", "Ġ Ġ", "A A").tokenizer();

    for (String unit :
        new String[] {"a", "A", " ", "\n", "1", "!", "é", "a ", "a1 ", " \n", "'s"}) {
      String text = unit.repeat((1 << 18) / unit.length()) + "x";
      Assertions.assertTimeout(
          Duration.ofSeconds(10),
          () -> assertThat(tokenizer.encode(text, false, true)).isNotEmpty());
    }
  }
}
