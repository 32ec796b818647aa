package io.foregate.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class AhoCorasickTest {
  @Provide
  Arbitrary<List<String>> patterns() {
    return Arbitraries.strings().withChars("abc").ofMaxLength(6).list().ofMaxSize(12);
  }

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.strings().withChars("abc").ofMaxLength(40);
  }

  @Property(tries = 500)
  void findsWhatIsThere(@ForAll("patterns") List<String> patterns, @ForAll("texts") String text) {
    BitSet expected = new BitSet();
    for (int i = 0; i < patterns.size(); i++) {
      String pattern = patterns.get(i);
      if (!pattern.isEmpty() && patterns.lastIndexOf(pattern) == i && text.contains(pattern)) {
        expected.set(i);
      }
    }
    assertThat(new AhoCorasick(patterns).in(text)).isEqualTo(expected);
  }

  /** What took text times token: a token of a megabyte that the text nearly is, at every place. */
  @Test
  @Timeout(20)
  void takesTimeLinearInTheTextForTokensOfMegabytes() {
    String run = "a".repeat(1 << 20);
    var finder = new AhoCorasick(List.of(run + "b", "b" + run, "<s>"));
    assertThat(finder.in(run.repeat(2) + "<s>")).isEqualTo(BitSet.valueOf(new long[] {4}));
    assertThat(finder.in(run.repeat(2) + "b").get(0)).isTrue();
  }

  /** Tokens that all end at every place. */
  @Test
  void manyTokensThatEndWithEachOther() {
    List<String> patterns = new ArrayList<>();
    IntStream.rangeClosed(1, 2000).forEach(n -> patterns.add("a".repeat(n)));
    var finder = new AhoCorasick(patterns);
    assertTimeout(
        Duration.ofSeconds(10),
        () -> assertThat(finder.in("a".repeat(1 << 20)).cardinality()).isEqualTo(2000));
  }
}
