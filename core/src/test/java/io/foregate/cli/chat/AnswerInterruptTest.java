package io.foregate.cli.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.foregate.cli.chat.AnswerInterrupt.Hook;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class AnswerInterruptTest {
  @Test
  void firstEndsTheAnswerThenTheCommand() {
    try (var interrupt = new AnswerInterrupt(Hook.ofProcess(), () -> {})) {
      interrupt.begin();
      assertThat(interrupt.endsAnswer()).isTrue();
      assertThat(interrupt.endsAnswer()).as("a second time").isFalse();
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void leavesAnIdleThreadAlone() {
    try (var interrupt = new AnswerInterrupt(Hook.ofProcess(), () -> {})) {
      assertThat(interrupt.endsAnswer()).as("before").isFalse();
      interrupt.begin();
      interrupt.end();
      assertThat(interrupt.endsAnswer()).as("after").isFalse();
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
  }

  @Test
  void forgetsWhatCameTooLate() {
    try (var interrupt = new AnswerInterrupt(Hook.ofProcess(), () -> {})) {
      interrupt.begin();
      interrupt.endsAnswer();
      interrupt.end();
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
  }

  @Test
  @Timeout(10)
  void handlesTheSignal() throws Exception {
    assumeThat(interruptIsIgnored()).as("started where Ctrl-C is for others").isFalse();
    var left = new CountDownLatch(1);
    try (var interrupt = new AnswerInterrupt(Hook.ofProcess(), left::countDown)) {
      // By reflection, because the compiler warns of the class's name.
      Class<?> signal = Class.forName("sun.misc.Signal");
      Object raised = signal.getConstructor(String.class).newInstance("INT");
      interrupt.begin();
      signal.getMethod("raise", signal).invoke(null, raised);
      while (!Thread.interrupted()) {
        Thread.onSpinWait();
      }
      interrupt.end();
      signal.getMethod("raise", signal).invoke(null, raised);
      assertThat(left.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** A shell's background jobs ignore the signal from the start, and the JVM leaves that so. */
  private static boolean interruptIsIgnored() throws IOException {
    Path status = Path.of("/proc/self/status");
    return Files.exists(status)
        && Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .anyMatch(line -> (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 2) != 0);
  }
}
