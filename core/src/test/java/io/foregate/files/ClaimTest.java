package io.foregate.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClaimTest {
  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void nameFile() {
    file = folder.resolve("a.session");
  }

  @Test
  void keepsOthersAwayUntilItIsClosed() {
    try (Claim _ = Claim.take(file)) {
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> Claim.requireFree(file))
            .isInstanceOf(ForegateException.class)
            .hasMessage(file + ": another run is using it");
      }
      Claim.requireFree(folder.resolve("b.session"));
    }
    Claim.requireFree(file);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void whatAKilledRunLeftStopsNobody() throws IOException {
    Files.createFile(Claim.lockFile(file));
    Claim.requireFree(file);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void somebodyElsesFileIsLeftAlone() throws IOException {
    Files.writeString(Claim.lockFile(file), "some notes");
    assertThatThrownBy(() -> Claim.requireFree(file))
        .isInstanceOf(ForegateException.class)
        .hasMessageContainingAll("a.session.lock", "a text file");
    assertThat(Claim.lockFile(file)).hasContent("some notes");
  }

  /** The failure is about the file, and closing has nothing to add. */
  @Test
  void aFolderThatIsNotThereOrGoesIsTold() throws IOException {
    Path gone = Files.createDirectory(folder.resolve("gone"));
    try (Claim claim = Claim.take(gone.resolve("a.session"))) {
      Files.delete(Claim.lockFile(gone.resolve("a.session")));
      Files.delete(gone);
      assertThat(claim).isNotNull();
    }
    assertThatThrownBy(() -> Claim.take(gone.resolve("a.session")))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("no such directory");
  }
}
