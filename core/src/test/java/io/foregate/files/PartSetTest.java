package io.foregate.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartSetTest {
  private static final byte[] FIRST = "FGSESS01, the first".getBytes(StandardCharsets.UTF_8);
  private static final byte[] SECOND = "FGSESS01, the second".getBytes(StandardCharsets.UTF_8);

  @TempDir private Path folder;
  private Path first;
  private Path second;

  @BeforeEach
  void namePaths() {
    first = folder.resolve("a");
    second = folder.resolve("b");
  }

  private PartSet written() {
    PartSet set = PartSet.begin(first, FileKind.SESSION, 0);
    set.current().write(MemorySegment.ofArray(FIRST));
    set.next(second, 0).write(MemorySegment.ofArray(SECOND));
    return set;
  }

  @Test
  void allTakeTheirNames() {
    try (PartSet set = written()) {
      set.commit();
    }
    assertThat(first).hasBinaryContent(FIRST);
    assertThat(second).hasBinaryContent(SECOND);
    assertThat(PartFile.part(first)).doesNotExist();
    assertThat(PartFile.part(second)).doesNotExist();
  }

  @Test
  void whereOneCannotHaveItsNameAllCanBeKept() throws IOException {
    try (PartSet set = written()) {
      refuseToName(set);
      set.keep();
    }
    assertThat(second).doesNotExist();
    assertThat(PartFile.part(first)).hasBinaryContent(FIRST);
    assertThat(PartFile.part(second)).hasBinaryContent(SECOND);
  }

  @Test
  void whereOneCannotHaveItsNameNoneStays() throws IOException {
    try (PartSet set = written()) {
      refuseToName(set);
    }
    assertThat(second).doesNotExist();
    assertThat(PartFile.part(first)).doesNotExist();
    assertThat(PartFile.part(second)).doesNotExist();
  }

  /** The first one's name is taken by a folder in the meantime. */
  private void refuseToName(PartSet set) throws IOException {
    Files.createDirectories(first.resolve("something"));
    assertThatThrownBy(set::commit)
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("cannot write the file");
  }
}
