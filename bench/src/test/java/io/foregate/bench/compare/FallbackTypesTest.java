package io.foregate.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.quant.format.Quants;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Types for rows that blocks of 256 do not divide: those that llama.cpp's quantizer picks for the
 * fine-grained demo model, whose experts are 64 wide. Needs llama.cpp (scripts/oracle/install).
 */
class FallbackTypesTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path LLAMA =
      ROOT.resolve("scripts/oracle/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64");
  private static final Path MODEL = ROOT.resolve("models/foregate-demo-fine.gguf");

  @TempDir private Path folder;

  @BeforeAll
  static void requireLlama() {
    assumeTrue(Files.isDirectory(LLAMA), "llama.cpp is not installed (scripts/oracle/install)");
    assumeTrue(Files.isRegularFile(MODEL), "the fine-grained demo model is missing");
  }

  /** The numbers are those of {@code enum llama_ftype}. */
  @ParameterizedTest
  @CsvSource({"Q2_K, 10", "Q3_K, 11", "Q4_K, 14", "Q5_K, 16", "Q6_K, 18", "IQ4_XS, 30"})
  void areThoseOfLlamaCpp(GgmlType type, int fileType) throws IOException {
    Path theirs = folder.resolve("theirs.gguf");
    new LlamaQuantizer(LLAMA).quantize(MODEL, theirs, fileType, 2);
    int narrow = 0;
    try (GgufFile file = GgufFile.open(theirs)) {
      for (GgufTensor tensor : file.tensors()) {
        if (tensor.name().contains("_exps")) {
          assertThat(tensor.type())
              .as(tensor.name())
              .isEqualTo(Quants.fitting(type, tensor.dim(0)));
          narrow += tensor.dim(0) % 256 == 0 ? 0 : 1;
        }
      }
    }
    assertThat(narrow).as("tensors of narrow rows").isPositive();
  }
}
