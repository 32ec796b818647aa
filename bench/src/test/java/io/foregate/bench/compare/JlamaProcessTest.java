package io.foregate.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The pipe to Jlama's process, with a shell at its other end. */
@DisabledOnOs(OS.WINDOWS)
class JlamaProcessTest {
  private static JlamaProcess shell(String script) throws IOException {
    return new JlamaProcess(List.of("sh", "-c", script));
  }

  /** Says how much it was fed, by the position and the number of tokens, as two logits. */
  private static final String COUNTING =
      """
      echo ready to count
      while read -r order at rest; do
        if [ "$order" = feed ]; then set -- $rest; from=$at; count=$#; echo ok
        else echo "$from $count "; fi
      done
      """;

  @Test
  void tokensGoWhereTheyBelong() throws IOException {
    try (JlamaProcess process = shell(COUNTING)) {
      assertThat(process.kernels()).isEqualTo("to count");
      process.feed(new int[] {7, 8, 9, 10}, 1, 4);
      assertThat(process.logits()).containsExactly(0, 3);
      process.feed(new int[] {7}, 0, 1);
      assertThat(process.logits()).containsExactly(3, 1);
      assertThat(process.position()).isEqualTo(4);
      process.truncate(2);
      process.feed(new int[] {7, 8}, 0, 2);
      assertThat(process.logits()).containsExactly(2, 2);
    }
  }

  @Test
  void aProcessThatFailsIsAnException() throws IOException {
    assertThatThrownBy(() -> shell("exit 1")).hasMessageContaining("has ended");
    assertThatThrownBy(() -> shell("echo no model")).hasMessageContaining("no model");
    try (JlamaProcess process = shell("echo ready x; read -r order; echo out of memory")) {
      assertThatThrownBy(() -> process.feed(new int[] {1}, 0, 1))
          .hasMessageContaining("out of memory");
    }
  }
}
