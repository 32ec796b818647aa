package io.foregate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class StopMatcherTest {

  @Property
  void outputIsTheTextUpToTheFirstStop(
      @ForAll @Size(max = 12)
          List<@CharRange(from = 'a', to = 'c') @StringLength(max = 4) String> pieces,
      @ForAll @Size(min = 1, max = 3)
          List<@CharRange(from = 'a', to = 'c') @StringLength(min = 1, max = 4) String> stops) {
    var matcher = new StopMatcher(stops);
    var output = new StringBuilder();
    var text = new StringBuilder();
    for (String piece : pieces) {
      if (!matcher.stopped()) {
        text.append(piece);
      }
      output.append(matcher.accept(piece));
    }
    output.append(matcher.flush());
    int first =
        stops.stream().mapToInt(text::indexOf).filter(i -> i >= 0).min().orElse(text.length());
    assertThat(output.toString()).isEqualTo(text.substring(0, first));
    assertThat(matcher.stopped()).isEqualTo(first < text.length());
  }

  @Test
  void textThatCannotBecomeAStopComesAtOnce() {
    var matcher = new StopMatcher(List.of("\n\n"));
    assertThat(matcher.accept("one")).isEqualTo("one");
    assertThat(matcher.accept("two\n")).isEqualTo("two");
    assertThat(matcher.accept("three")).isEqualTo("\nthree");
  }
}
