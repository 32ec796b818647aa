package io.foregate.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class StreamingDecoderTest {
  /** Token b is byte b. */
  private static StreamingDecoder bytewise() {
    return new StreamingDecoder(b -> new byte[] {(byte) b}, false);
  }

  @Test
  void waitsForTheLastByteOfACharacter() {
    StreamingDecoder decoder = bytewise();

    assertThat(decoder.accept(0xF0)).isEmpty();
    assertThat(decoder.accept(0x9F)).isEmpty();
    assertThat(decoder.accept(0x98)).isEmpty();
    assertThat(decoder.accept(0x80)).isEqualTo("😀");
    assertThat(decoder.flush()).isEmpty();
  }

  @Test
  void replacesInvalidBytesAsSoonAsTheyAreKnownToBe() {
    StreamingDecoder decoder = bytewise();

    assertThat(decoder.accept(0x80)).isEqualTo("\uFFFD");
    assertThat(decoder.accept(0xE2)).isEmpty();
    assertThat(decoder.accept('a')).isEqualTo("\uFFFDa");
    assertThat(decoder.accept(0xE0)).isEmpty();
    assertThat(decoder.accept(0x80)).isEqualTo("\uFFFD\uFFFD");
  }

  @Test
  void replacesACharacterThatIsCutOffAtTheEnd() {
    StreamingDecoder decoder = bytewise();

    assertThat(decoder.accept(0xE2)).isEmpty();
    assertThat(decoder.flush()).isEqualTo("\uFFFD");
    assertThat(decoder.accept('a')).isEqualTo("a");
  }

  @Property
  void equalsDecodingAtOnce(@ForAll byte[] bytes, @ForAll @StringLength(max = 40) String text) {
    byte[] valid = text.getBytes(StandardCharsets.UTF_8);

    assertThat(stream(bytes)).isEqualTo(new String(bytes, StandardCharsets.UTF_8));
    assertThat(stream(valid)).isEqualTo(new String(valid, StandardCharsets.UTF_8));
  }

  private static String stream(byte[] bytes) {
    StreamingDecoder decoder = bytewise();
    var result = new StringBuilder();
    for (byte b : bytes) {
      String piece = decoder.accept(b);
      assertThat(piece).satisfies(StreamingDecoderTest::isWellFormed);
      result.append(piece);
    }
    return result.append(decoder.flush()).toString();
  }

  private static void isWellFormed(String piece) {
    assertThat(piece.codePoints()).noneMatch(c -> c >= 0xD800 && c <= 0xDFFF);
  }
}
