package io.foregate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.cli.TinyGguf;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextChunksTest {
  @TempDir private Path folder;
  private Tokenizer tokenizer;

  @BeforeEach
  void readTokenizer() {
    try (GgufFile file = GgufFile.open(TinyGguf.mixture().write(folder.resolve("m.gguf")))) {
      tokenizer = Tokenizer.of(file.metadata());
    }
  }

  @Test
  void chunksBeginAtLinesAndLieInOrder() throws IOException {
    Path file = folder.resolve("lines.txt");
    var text = new StringBuilder();
    for (int i = 0; i < 500; i++) {
      text.append("line ").append(i).append('\n');
    }
    Files.writeString(file, text);
    var chunks = new TextChunks(List.of(file), tokenizer, 40, 8);
    assertThat(chunks.count()).isEqualTo(8);
    int last = -1;
    for (int i = 0; i < chunks.count(); i++) {
      int[] ids = chunks.tokens(i);
      assertThat(ids).hasSize(40);
      assertThat(ids[0]).isEqualTo(tokenizer.bos().orElseThrow());
      String decoded = decode(ids, 1, ids.length).strip();
      assertThat(decoded).matches("(?s)line \\d+\n.*");
      int number = Integer.parseInt(decoded.substring(5, decoded.indexOf('\n')).strip());
      assertThat(number).isGreaterThan(last);
      last = number;
    }
    assertThat(last).isGreaterThan(400);
  }

  @Test
  void aShortFileIsCutIntoFewerAndIsReadToItsEnd() throws IOException {
    Path file = folder.resolve("short.txt");
    Files.writeString(file, "the hat");
    var chunks = new TextChunks(List.of(file), tokenizer, 40, 8);
    assertThat(chunks.count()).isEqualTo(1);
    assertThat(decode(chunks.tokens(0), 1, chunks.tokens(0).length)).contains("the hat");
  }

  @Test
  void noCharacterIsCut() throws IOException {
    Path file = folder.resolve("wide.txt");
    Files.writeString(file, "ä€😀".repeat(400));
    var chunks = new TextChunks(List.of(file), tokenizer, 30, 7);
    assertThat(chunks.count()).isEqualTo(7);
    for (int i = 0; i < 7; i++) {
      int[] ids = chunks.tokens(i);
      // All but the last character, which the number of tokens may cut.
      String decoded = decode(ids, 1, ids.length - 4);
      assertThat(decoded.substring(0, decoded.length() - 4)).doesNotContain("\uFFFD");
    }
  }

  @Test
  void refusesWhatHasNoText() throws IOException {
    Path empty = Files.createFile(folder.resolve("empty.txt"));
    assertThatThrownBy(() -> new TextChunks(List.of(empty), tokenizer, 40, 8))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("is empty");
    assertThatThrownBy(() -> new TextChunks(List.of(folder.resolve("no.txt")), tokenizer, 40, 8))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("no such file");
  }

  private String decode(int[] ids, int from, int to) {
    return tokenizer.decode(ids, from, to, false);
  }

  @Test
  void aByteOrderMarkIsNoText() throws IOException {
    Path file = Files.writeString(folder.resolve("marked.txt"), "\uFEFFthe hat");
    int[] ids = new TextChunks(List.of(file), tokenizer, 40, 8).tokens(0);
    assertThat(decode(ids, 1, ids.length)).doesNotContain("\uFEFF").contains("the hat");
  }

  @Test
  void otherTextThanUtf8IsRefused() throws IOException {
    Path file = folder.resolve("latin.txt");
    Files.write(file, "Größe".getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> new TextChunks(List.of(file), tokenizer, 40, 8).tokens(0))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("latin.txt: is not UTF-8 text");
  }
}
