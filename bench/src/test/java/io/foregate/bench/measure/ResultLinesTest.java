package io.foregate.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultLinesTest {
  private Path file;

  @BeforeEach
  void choose(@TempDir Path folder) {
    file = folder.resolve("new").resolve("cells.jsonl");
  }

  private List<Integer> schemas() throws IOException {
    return ResultLines.read(file, JsonNode.class).stream()
        .map(line -> line.path("schema").asInt())
        .toList();
  }

  @Test
  void eachResultIsALine() throws IOException {
    assertThat(schemas()).isEmpty();
    ResultLines.append(file, Map.of("schema", 1));
    ResultLines.append(file, Map.of("schema", 2));
    assertThat(Files.readString(file)).isEqualTo("{\"schema\":1}\n{\"schema\":2}\n");
    assertThat(schemas()).containsExactly(1, 2);
  }

  @Test
  void whatWasCutShortIsMeasuredAnew() throws IOException {
    ResultLines.append(file, Map.of("schema", 1));
    Files.writeString(file, "{\"schema\":2,\"na", StandardOpenOption.APPEND);
    assertThat(schemas()).containsExactly(1);
    ResultLines.append(file, Map.of("schema", 3));
    assertThat(schemas()).containsExactly(1, 3);
    assertThat(Files.readString(file)).isEqualTo("{\"schema\":1}\n{\"schema\":3}\n");
  }

  @Test
  void aFirstLineCutShortIsNone() throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "{\"sch");
    assertThat(schemas()).isEmpty();
    ResultLines.append(file, Map.of("schema", 1));
    assertThat(schemas()).containsExactly(1);
  }

  @Test
  void allLinesAreReplacedAtOnce() throws IOException {
    ResultLines.append(file, Map.of("schema", 1));
    ResultLines.write(file, List.of(Map.of("schema", 4), Map.of("schema", 5)));
    assertThat(schemas()).containsExactly(4, 5);
    assertThat(file.getParent()).isDirectoryContaining("glob:**/cells.jsonl").isNotEmptyDirectory();
    try (var files = Files.list(file.getParent())) {
      assertThat(files).containsExactly(file);
    }
  }
}
