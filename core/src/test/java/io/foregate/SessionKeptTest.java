package io.foregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.cli.TinyGguf;
import io.foregate.error.ForegateException;
import io.foregate.options.GenerateOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was generated is there, even where its session cannot be kept. */
class SessionKeptTest {
  private static final GenerateOptions GREEDY =
      GenerateOptions.defaults().withTemperature(0).withMaxTokens(6);

  @TempDir private Path folder;
  private Path place;
  private Path session;
  private Model model;

  @BeforeEach
  void open() throws IOException {
    model = Model.open(TinyGguf.mixture().write(folder.resolve("tiny.gguf")));
    place = Files.createDirectory(folder.resolve("place"));
    session = place.resolve("a.session");
  }

  @AfterEach
  void close() {
    model.close();
  }

  /** As when a disk is taken away. */
  private void takeAway() {
    try {
      if (Files.exists(place)) {
        Files.move(place, folder.resolve("elsewhere"));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aTextWhoseFolderGoesIsHandedOver() {
    assertThatThrownBy(() -> model.generate("the", GREEDY, session, text -> takeAway()))
        .isInstanceOfSatisfying(
            SessionNotSavedException.class,
            e -> {
              assertThat(e).hasMessageContaining("no such directory");
              assertThat(e.hint()).isNotEmpty();
              assertThat(e.generation().text()).isEqualTo(model.generate("the", GREEDY).text());
            });
    assertThat(model.memory().kvCache()).as("all sessions are closed").isZero();
  }

  @Test
  void aConversationThatCannotBeSavedGoesOn() {
    try (Chat chat = model.chat(GREEDY, session)) {
      chat.requireRoom(session, "hat");
      chat.send("hat", text -> takeAway());
      assertThatThrownBy(() -> chat.save(session)).isInstanceOf(ForegateException.class);
      assertThatThrownBy(() -> chat.requireRoom(session, "tea"))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("no such directory");
      assertThat(chat.length()).isEqualTo(2);
      chat.save(folder.resolve("b.session"));
    }
    try (Chat chat = model.chat(GREEDY, folder.resolve("b.session"))) {
      assertThat(chat.length()).isEqualTo(2);
    }
  }
}
