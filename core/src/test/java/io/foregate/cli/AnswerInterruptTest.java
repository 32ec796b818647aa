package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class AnswerInterruptTest {
  @Test
  void firstEndsTheAnswerThenTheCommand() {
    try (var interrupt = new AnswerInterrupt(() -> {})) {
      interrupt.begin();
      assertThat(interrupt.endsAnswer()).isTrue();
      assertThat(interrupt.endsAnswer()).as("a second time").isFalse();
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void leavesAnIdleThreadAlone() {
    try (var interrupt = new AnswerInterrupt(() -> {})) {
      assertThat(interrupt.endsAnswer()).as("before").isFalse();
      interrupt.begin();
      interrupt.end();
      assertThat(interrupt.endsAnswer()).as("after").isFalse();
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
  }

  @Test
  void forgetsWhatCameTooLate() {
    try (var interrupt = new AnswerInterrupt(() -> {})) {
      interrupt.begin();
      interrupt.endsAnswer();
      interrupt.end();
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
  }

  @Test
  @Timeout(10)
  void handlesTheSignal() throws Exception {
    var left = new CountDownLatch(1);
    try (var interrupt = new AnswerInterrupt(left::countDown)) {
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
}
