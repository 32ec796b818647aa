package io.foregate.cli.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.Model;
import io.foregate.cli.ForkedCommand;
import io.foregate.cli.Invocation;
import io.foregate.cli.TinyGguf;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.error.ForegateException;
import io.foregate.files.Claim;
import io.foregate.options.GenerateOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two live runs on one session: the second is told, so that neither loses what it holds. */
class TwoRunsTest {
  private static final String BUSY = "a.session: another run is using it";

  @TempDir private Path folder;
  private Path model;
  private Path session;

  @BeforeEach
  void writeModel() {
    model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
    session = folder.resolve("a.session");
  }

  private Object[] run() {
    return new Object[] {"run", "-m", model, "-p", "the", "-n", 2, "--session", session};
  }

  private Object[] chat() {
    return new Object[] {"chat", "-m", model, "-n", 2, "--json", "--session", session};
  }

  @Test
  void theSecondInThisProcessIsTold() {
    try (Claim first = Claim.take(session)) {
      assertThat(first).isNotNull();
      Invocation.of(run()).fails(ExitCode.FAILURE, BUSY, "another name");
      Invocation.withInput("hat\n", chat()).fails(ExitCode.FAILURE, BUSY, "another name");
    }
    assertThat(session).doesNotExist();
    Invocation.withInput("hat\n", chat()).requireExit(ExitCode.OK);
    assertThat(session).exists();
    assertThat(session.resolveSibling("a.session.lock")).doesNotExist();
  }

  /** A chat that waits for its first message has the session, and a killed one has not. */
  @Test
  void theSecondInAnotherProcessIsTold() throws Exception {
    Path lock = session.resolveSibling("a.session.lock");
    ForkedCommand first = ForkedCommand.start(chat());
    first.killWhen(
        () -> {
          if (Files.notExists(lock)) {
            return false;
          }
          Invocation second = Invocation.of(run());
          if (second.code() == ExitCode.OK) {
            return false; // it had only asked yet, and goes on to open the model
          }
          second.fails(ExitCode.FAILURE, BUSY);
          return true;
        });
    Files.deleteIfExists(session);
    Invocation.of(run()).succeeds();
    assertThat(lock).doesNotExist();
  }

  @Test
  void aConversationHasTheFileThatItWasLastSavedTo() {
    Path other = folder.resolve("b.session");
    try (Model opened = Model.open(model);
        KeptChat talk = KeptChat.open(opened, GenerateOptions.defaults(), session)) {
      assertThatThrownBy(() -> KeptChat.open(opened, GenerateOptions.defaults(), session))
          .isInstanceOf(ForegateException.class)
          .hasMessageEndingWith(BUSY);
      try (Claim taken = Claim.take(other)) {
        assertThat(taken).isNotNull();
        assertThatThrownBy(() -> talk.save(other))
            .hasMessageEndingWith("b.session: another run is using it");
      }
      talk.save(other);
      Claim.requireFree(session);
      assertThatThrownBy(() -> Claim.requireFree(other)).isInstanceOf(ForegateException.class);
      talk.load(other);
      talk.save(other);
      talk.leave();
      Claim.requireFree(other);
    }
  }
}
