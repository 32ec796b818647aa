package io.foregate.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

class SentencePieceTest {
  private static final int UNK = 0;
  private static final int BOS = 1;
  private static final int EOS = 2;
  private static final int FIRST_BYTE = 3;
  private static final int SPACE = 259;
  private static final int B = 261;
  private static final int AB = 262;
  private static final int SPACE_A = 263;
  private static final int TOOL = 264;

  private static TinyFile file() {
    return TinyFile.sentencePiece()
        .token("<unk>", 0, TokenType.UNKNOWN)
        .token("<s>", 0, TokenType.CONTROL)
        .token("</s>", 0, TokenType.CONTROL)
        .bytes()
        .token("▁", -10, TokenType.NORMAL)
        .token("a", -10, TokenType.NORMAL)
        .token("b", -10, TokenType.NORMAL)
        .token("ab", -1, TokenType.NORMAL)
        .token("▁a", -2, TokenType.NORMAL)
        .token("<tool>", 0, TokenType.USER_DEFINED);
  }

  private final Tokenizer tokenizer = file().tokenizer();

  @Test
  void mergesTheHighestScoreFirst() {
    assertThat(tokenizer.encode("ab", false, false)).containsExactly(SPACE, AB);
    assertThat(tokenizer.encode("aab", false, false)).containsExactly(SPACE_A, AB);
  }

  @Test
  void mergesTheLeftmostOfEqualScoresFirst() {
    Tokenizer equal =
        TinyFile.sentencePiece()
            .bytes()
            .token("a", 0, TokenType.NORMAL)
            .token("aa", -1, TokenType.NORMAL)
            .with("tokenizer.ggml.add_space_prefix", false)
            .with("tokenizer.ggml.add_bos_token", false)
            .tokenizer();

    assertThat(equal.encode("aaa", true, false)).containsExactly(257, 256);
  }

  @Test
  void putsBeginningAndEndAroundTheTextOnRequest() {
    Tokenizer both = file().with("tokenizer.ggml.add_eos_token", true).tokenizer();

    assertThat(tokenizer.encode("a", true, false)).containsExactly(BOS, SPACE_A);
    assertThat(both.encode("a", true, false)).containsExactly(BOS, SPACE_A, EOS);
    assertThat(both.encode("", true, false)).containsExactly(BOS, EOS);
    assertThat(both.encode("", false, false)).isEmpty();
  }

  @Test
  void findsControlTokensOnlyOnRequest() {
    assertThat(tokenizer.encode("a</s>a", false, true)).containsExactly(SPACE_A, EOS, SPACE_A);
    assertThat(tokenizer.encode("a</s>a", false, false)).doesNotContain(EOS);
  }

  @Test
  void findsUserDefinedTokensAlways() {
    assertThat(tokenizer.encode("a<tool>a", false, false)).containsExactly(SPACE_A, TOOL, SPACE_A);
    assertThat(tokenizer.decode(new int[] {SPACE_A, TOOL}, 0, 2, false)).isEqualTo("a<tool>");
  }

  @Test
  void spellsUnknownCharactersInBytes() {
    int[] ids = tokenizer.encode("é", false, false);

    assertThat(ids).containsExactly(SPACE, FIRST_BYTE + 0xC3, FIRST_BYTE + 0xA9);
    assertThat(tokenizer.decode(ids, 0, ids.length, false)).isEqualTo("é");
  }

  @Test
  void withoutBytesUsesTheUnknownTokenOncePerCharacter() {
    Tokenizer noBytes =
        TinyFile.sentencePiece()
            .token("<unk>", 0, TokenType.UNKNOWN)
            .token("a", 0, TokenType.NORMAL)
            .with("tokenizer.ggml.add_space_prefix", false)
            .with("tokenizer.ggml.add_bos_token", false)
            .tokenizer();

    assertThat(noBytes.encode("aéa😀", false, false)).containsExactly(1, UNK, 1, UNK);
  }

  @Test
  void withoutBytesAndUnknownTokenNamesTheCharacter() {
    Tokenizer neither =
        TinyFile.sentencePiece()
            .token("a", 0, TokenType.NORMAL)
            .with("tokenizer.ggml.add_space_prefix", false)
            .with("tokenizer.ggml.add_bos_token", false)
            .tokenizer();

    assertThatThrownBy(() -> neither.encode("aé", false, false))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("U+00E9");
  }

  @Test
  void takesTheAddedSpaceOffAgain() {
    int[] ids = tokenizer.encode("a a", true, false);

    assertThat(tokenizer.decode(ids, 0, ids.length, false)).isEqualTo("a a");
    assertThat(tokenizer.decode(ids, 0, ids.length, true)).isEqualTo("<s> a a");
  }

  @Test
  void keepsTheSpaceOfAContinuation() {
    StreamingDecoder decoder = tokenizer.continuation(false);

    assertThat(decoder.accept(SPACE_A) + decoder.accept(B) + decoder.flush()).isEqualTo(" ab");
  }

  @Test
  void readsALoneSurrogateAsTheReplacementCharacter() {
    assertThat(tokenizer.encode("a\uD800b\uDC00", false, false))
        .isEqualTo(tokenizer.encode("a\uFFFDb\uFFFD", false, false));
    assertThat(tokenizer.encode("a😀b\uDC00", false, false))
        .isEqualTo(tokenizer.encode("a😀b\uFFFD", false, false));
  }

  @Test
  void encodesAMegabyteInLinearTime() {
    for (String unit : new String[] {"a", " ", "ab", "é", "<tool>", "<"}) {
      String text = unit.repeat((1 << 20) / unit.length());
      Assertions.assertTimeout(
          Duration.ofSeconds(20),
          () -> assertThat(tokenizer.encode(text, false, true)).isNotEmpty());
    }
  }

  @Test
  void refusesATokenThatDoesNotExist() {
    assertThatThrownBy(() -> tokenizer.decode(new int[] {9999}, 0, 1, false))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("9999");
  }
}
