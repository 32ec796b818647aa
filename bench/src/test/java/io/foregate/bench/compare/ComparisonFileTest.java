package io.foregate.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.bench.measure.SyntheticModel;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonFileTest {
  @TempDir private Path folder;

  @Test
  void whatWasWrittenIsDeleted() throws IOException {
    SyntheticModel model = SyntheticModel.small(GgmlType.Q8_0);
    try (var file = ComparisonFile.written(model, folder, "small-Q8_0")) {
      assertThat(Files.size(file.path())).isGreaterThan(model.bytes());
      assertThat(file.stem()).isEqualTo("small-Q8_0");
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aUsersFileIsKept() throws IOException {
    Path model = Files.writeString(folder.resolve("of:mine.gguf"), "content");
    try (var file = ComparisonFile.of(model.toString(), folder)) {
      assertThat(file.written()).isFalse();
      assertThat(file.path()).isEqualTo(model);
    }
    assertThat(model).hasContent("content");
  }

  @Test
  void saysWhichShapesAndTypesThereAre() {
    assertThatThrownBy(() -> ComparisonFile.of("mixtrale:Q4_K", folder))
        .isInstanceOfSatisfying(
            ForegateException.class,
            e -> assertThat(e.hint()).isEqualTo("Shapes are fine, mixtral, synthetic."))
        .hasMessageContaining("mixtrale");
    assertThatThrownBy(() -> ComparisonFile.of("mixtral:Q9_K", folder))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("Q9_K");
    assertThat(folder).isEmptyDirectory();
  }
}
