package io.foregate.cli.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.cli.chat.MessageText.Message;
import io.foregate.cli.chat.MessageText.Nothing;
import io.foregate.cli.chat.MessageText.Order;
import org.junit.jupiter.api.Test;

class MessageTextTest {
  private static final String FENCE = "\"\"\"";

  @Test
  void aSlashOnOneLineBeginsACommand() {
    assertThat(MessageText.entry(" /Set top-k  5 ")).isEqualTo(new Order("set", "top-k  5"));
    assertThat(MessageText.entry("/help")).isEqualTo(new Order("help", ""));
    assertThat(MessageText.entry("/")).isEqualTo(new Order("", ""));
  }

  @Test
  void aMessageMayBeginWithASlash() {
    assertThat(MessageText.entry("//etc/passwd?")).isEqualTo(new Message("/etc/passwd?"));
    assertThat(MessageText.entry("/usr/bin\n/usr/lib"))
        .isEqualTo(new Message("/usr/bin\n/usr/lib"));
    assertThat(MessageText.entry("// a\n// b")).isEqualTo(new Message("// a\n// b"));
    assertThat(MessageText.entry(FENCE + "/help" + FENCE)).isEqualTo(new Message("/help"));
  }

  @Test
  void fencesHoldSeveralLines() {
    assertThat(MessageText.entry(FENCE + "\n  a\n\n b\n" + FENCE))
        .isEqualTo(new Message("  a\n\n b"));
    assertThat(MessageText.entry(FENCE + "a" + FENCE)).isEqualTo(new Message("a"));
    assertThat(MessageText.entry(FENCE + "a\nb")).as("cut off").isEqualTo(new Message("a\nb"));
    assertThat(MessageText.isOpen(FENCE)).isTrue();
    assertThat(MessageText.isOpen(FENCE + "\"")).isTrue();
    assertThat(MessageText.isOpen(FENCE + "a\n" + FENCE)).isFalse();
    assertThat(MessageText.isOpen("a " + FENCE)).isFalse();
  }

  @Test
  void aBackslashAsksForAFurtherLine() {
    assertThat(MessageText.continues("a\\")).isTrue();
    assertThat(MessageText.continues("a\\\\")).as("two are two").isFalse();
    assertThat(MessageText.continues("a\\\\\\")).isTrue();
    assertThat(MessageText.continues("")).isFalse();
  }

  @Test
  void nothingIsNoMessage() {
    assertThat(MessageText.entry("  ")).isEqualTo(new Nothing());
    assertThat(MessageText.entry(FENCE + "\n" + FENCE)).isEqualTo(new Nothing());
    assertThat(MessageText.entry("\n\n")).isEqualTo(new Nothing());
  }
}
