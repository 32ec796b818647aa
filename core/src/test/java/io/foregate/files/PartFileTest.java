package io.foregate.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PartFileTest {
  private static final byte[] SESSION = "FGSESS01 and so on".getBytes(StandardCharsets.UTF_8);

  @TempDir private Path folder;
  private Path target;
  private Path part;

  @BeforeEach
  void namePaths() {
    target = folder.resolve("a.session");
    part = folder.resolve("a.session.part");
  }

  private PartFile create() {
    return PartFile.create(target, FileKind.SESSION);
  }

  private void write() {
    try (PartFile file = create()) {
      file.write(MemorySegment.ofArray(SESSION));
      file.commit();
    }
    assertThat(target).hasBinaryContent(SESSION);
    assertThat(part).doesNotExist();
  }

  @Test
  void twoInOneProcessDoNotWriteTheSameFile() {
    try (PartFile first = create()) {
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(this::create)
            .isInstanceOf(ForegateException.class)
            .hasMessageContaining("another run is writing it");
      }
      first.write(MemorySegment.ofArray(SESSION));
      first.commit();
    }
    assertThat(target).hasBinaryContent(SESSION);
    write();
  }

  /** What a killed writer left: nothing yet, its beginning, or what a power failure makes of it. */
  @ParameterizedTest
  @ValueSource(strings = {"", "FGSESS01 of a dead one that was longer than this", "\0\0\0\0"})
  void whatADeadWriterLeftIsReplaced(String left) throws IOException {
    Files.writeString(part, left);
    write();
  }

  /** Firefox, too, calls what it downloads NAME.part. */
  @ParameterizedTest
  @ValueSource(strings = {"GGUF\3\0\0\0", "some notes", "{\"a\": 1}", "\1\2\3\4"})
  void whatIsNotForegatesIsLeftAlone(String others) throws IOException {
    Files.writeString(part, others);
    assertThatThrownBy(this::create)
        .isInstanceOf(ForegateException.class)
        .hasMessageContainingAll("a.session.part", "exists already");
    assertThat(part).hasContent(others);
  }

  @Test
  void aLinkIsNotFollowed() throws IOException {
    Path precious = Files.writeString(folder.resolve("precious"), "FGSESS01");
    Files.createSymbolicLink(part, precious);
    assertThatThrownBy(this::create).isInstanceOf(ForegateException.class);
    assertThat(precious).hasContent("FGSESS01");
  }

  /** The lock of another process: as long as it lives, and no longer. */
  @Test
  void aLivingWriterOfAnotherProcessIsRespectedAndADeadOneIsNot() throws Exception {
    Process writer = start(target);
    assertThat(writer.getInputStream().read()).isEqualTo('w');
    assertThatThrownBy(this::create)
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("another run is writing it");
    assertThat(part).exists();

    writer.destroyForcibly();
    assertThat(writer.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(part).exists();
    write();
  }

  private static Process start(Path target) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            Writer.class.getName(),
            target.toString())
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** Begins to write and then waits to be killed: in a process of its own. */
  static final class Writer {
    private Writer() {}

    public static void main(String[] args) throws Exception {
      try (PartFile file = PartFile.create(Path.of(args[0]), FileKind.SESSION)) {
        file.write(MemorySegment.ofArray(SESSION));
        file.force();
        System.out.write('w');
        System.out.flush();
        Thread.sleep(60_000);
      }
    }
  }

  @Test
  void saysWhatTheDiskLacks() {
    try (PartFile file = create()) {
      assertThatThrownBy(() -> file.requireSpace(1L << 60))
          .isInstanceOf(ForegateException.class)
          .hasMessageMatching(
              ".*a.session: needs 1,152,921,504,606,846,976 bytes \\(.* MiB\\), and the disk has"
                  + " room for [0-9,]+ bytes.*");
    }
  }

  @Test
  void saysWhereItCannotWrite() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    Path absent = folder.resolve("absent/a.session");
    for (Path path : List.of(folder, absent, file.resolve("a.session"))) {
      assertThatThrownBy(() -> PartFile.create(path, FileKind.SESSION))
          .isInstanceOf(ForegateException.class)
          .hasMessageStartingWith(path.toString());
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }
}
