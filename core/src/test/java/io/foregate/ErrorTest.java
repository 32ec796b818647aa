package io.foregate;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.error.ForegateException;
import org.junit.jupiter.api.Test;

class ErrorTest {
  @Test
  void keepsMessageHintAndCause() {
    var cause = new IllegalStateException("why");
    var e = new ForegateException("a.gguf is cut short.", "Fetch it again.", cause);
    assertThat(e).hasMessage("a.gguf is cut short.").hasCause(cause);
    assertThat(e.hint()).isEqualTo("Fetch it again.");
  }
}
