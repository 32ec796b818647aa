package io.foregate.cli.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.cli.terminal.Terminal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HistoryFileTest {
  @TempDir private Path folder;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final Terminal terminal =
      new Terminal(
          new ByteArrayInputStream(new byte[0]),
          said,
          said,
          false,
          false,
          true,
          StandardCharsets.UTF_8);

  private HistoryFile at(Path file) {
    return new HistoryFile(file, terminal);
  }

  @Test
  void bringsBackWhatWasWritten() {
    Path file = folder.resolve("state/foregate/history");
    HistoryFile first = at(file);
    first.add("größe 日本");
    first.add("two\nlines \\n with\\ backslashes\\");
    first.add("two\nlines \\n with\\ backslashes\\");
    first.add(" secret");
    first.add("\n");

    assertThat(at(file).entries())
        .containsExactly("größe 日本", "two\nlines \\n with\\ backslashes\\");
    assertThat(said.size()).isZero();
  }

  @Test
  void onlyItsOwnerReadsIt() throws IOException {
    Path file = folder.resolve("foregate/history");
    at(file).add("a");
    assertThat(Files.getPosixFilePermissions(file))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    assertThat(Files.getPosixFilePermissions(file.getParent()))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));

    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    assertThat(at(file).entries()).containsExactly("a");
    assertThat(Files.getPosixFilePermissions(file))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void staysWithinItsLimit() throws IOException {
    Path file = folder.resolve("history");
    var many = new StringBuilder();
    for (int i = 0; i <= 2 * HistoryFile.LIMIT; i++) {
      many.append(i).append('\n');
    }
    Files.writeString(file, many);

    assertThat(at(file).entries())
        .hasSize(HistoryFile.LIMIT)
        .endsWith(String.valueOf(2 * HistoryFile.LIMIT));
    assertThat(Files.readAllLines(file)).hasSize(HistoryFile.LIMIT);
    assertThat(Files.getPosixFilePermissions(file))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void whatCannotBeUsedIsToldOnce() throws IOException {
    HistoryFile isFolder = at(folder);
    assertThat(isFolder.entries()).isEmpty();
    isFolder.add("a");
    isFolder.add("b");
    assertThat(said.toString(StandardCharsets.UTF_8).lines())
        .singleElement()
        .asString()
        .contains("keeps no history", folder.toString());
  }

  @Test
  void damagedBytesCostNoMoreThanTheirLine() throws IOException {
    Path file = folder.resolve("history");
    Files.write(file, new byte[] {'a', (byte) 0xff, '\n', 'b', '\n'});
    assertThat(at(file).entries()).hasSize(2).endsWith("b");
  }

  @Test
  void nothingIsKeptWhereNoneIsWanted() {
    HistoryFile none = HistoryFile.none();
    none.add("a");
    assertThat(none.entries()).isEmpty();
    assertThat(none).hasToString("off");
  }

  @Test
  void liesInTheUsersStateFolder() {
    Path fallback = Path.of("/home/ada/.local/state/foregate/history");
    assertThat(HistoryFile.userFile("/state", "/home/ada"))
        .isEqualTo(Path.of("/state/foregate/history"));
    assertThat(HistoryFile.userFile(null, "/home/ada")).isEqualTo(fallback);
    assertThat(HistoryFile.userFile("", "/home/ada")).isEqualTo(fallback);
    assertThat(HistoryFile.userFile("relative", "/home/ada")).isEqualTo(fallback);
  }
}
