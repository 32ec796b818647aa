package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.quant.Quants;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuantizeCommandTest {
  @TempDir private Path folder;
  private Path model;
  private Path out;

  @BeforeEach
  void writeModel() {
    model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
    out = folder.resolve("small.gguf");
  }

  @Test
  void roundsExpertsAndKeepsTheRest() {
    Invocation.of("quantize", "--experts", "q4_0", model, out).succeeds();
    try (GgufFile before = GgufFile.open(model);
        GgufFile after = GgufFile.open(out)) {
      assertThat(after.tensors()).hasSameSizeAs(before.tensors());
      for (GgufTensor tensor : before.tensors()) {
        GgufTensor written = after.tensor(tensor.name());
        if (tensor.name().contains("_exps")) {
          assertThat(written.type()).isEqualTo(GgmlType.Q4_0);
          assertThat(after.data(written).mismatch(rounded(before, tensor))).isEqualTo(-1);
        } else {
          assertThat(written.type()).isEqualTo(tensor.type());
          assertThat(after.data(written).mismatch(before.data(tensor))).isEqualTo(-1);
        }
      }
      assertThat(after.metadata().string("general.name")).isEqualTo("tiny");
    }
    Invocation.of("run", "-m", out, "-p", "the", "-n", 2).succeeds();
  }

  @Test
  void saysWhatWasWritten() throws IOException {
    long before = Files.size(model);
    String json = Invocation.of("quantize", "--experts", "q8_0", model, out, "--json").out();
    JsonNode result = new JsonMapper().readTree(json);
    assertThat(result.get("model").asText()).isEqualTo(out.toString());
    assertThat(result.at("/types_before/F32").asInt()).isEqualTo(3 * TinyGguf.LAYERS);
    assertThat(result.get("type").asText()).isEqualTo("Q8_0");
    assertThat(result.get("tensors").asInt()).isEqualTo(3 * TinyGguf.LAYERS);
    try (GgufFile written = GgufFile.open(out)) {
      assertThat(result.get("tensors_kept").asInt())
          .isEqualTo(written.tensors().size() - 3 * TinyGguf.LAYERS);
    }
    assertThat(result.get("bytes_before").asLong()).isEqualTo(before);
    assertThat(result.get("bytes_after").asLong()).isEqualTo(Files.size(out)).isLessThan(before);

    Invocation text =
        Invocation.of("quantize", "--experts", "q4_0", "--force", out, folder.resolve("q4.gguf"));
    assertThat(text.succeeds().out()).contains("q4.gguf: 6 expert tensors Q8_0 -> Q4_0", "KiB");
  }

  @Test
  void refusesWhatItCannotDo() throws IOException {
    Invocation.of("quantize", "--experts", "Q9_X", model, out)
        .fails(ExitCode.USAGE, "'Q9_X'", "Q4_K");
    Invocation.of("quantize", "--experts", "Q4_0", "-t", "-3", model, out)
        .fails(ExitCode.USAGE, "--threads is -3");
    Invocation.of("quantize", "--experts", "Q4_K", model, out)
        .fails(ExitCode.FAILURE, "rows of 32", "Q4_K", "256");
    Path dense = TinyGguf.dense().write(folder.resolve("dense.gguf"));
    Invocation.of("quantize", "--experts", "Q4_0", dense, out)
        .fails(ExitCode.FAILURE, "no expert tensors", "dense");
    Invocation.of("quantize", "--experts", "Q4_0", model, model)
        .fails(ExitCode.USAGE, "both the model to read and the file to write");
    assertThat(names()).containsExactlyInAnyOrder("tiny.gguf", "dense.gguf");
  }

  @Test
  void replacesOnlyWhenForced() throws IOException {
    Files.writeString(out, "precious");
    Invocation.of("quantize", "--experts", "Q4_0", model, out)
        .fails(ExitCode.FAILURE, "small.gguf exists", "--force");
    assertThat(out).hasContent("precious");
    Invocation.of("quantize", "--experts", "Q4_0", "--force", model, out).succeeds();
    assertThat(Files.size(out)).isGreaterThan("precious".length());
  }

  @Test
  void failuresLeaveNothingHalfWritten() throws IOException {
    Path poisoned = TinyGguf.mixture().withNaN().write(folder.resolve("nan.gguf"));
    Invocation.of("quantize", "--experts", "Q4_0", poisoned, out)
        .fails(ExitCode.FAILURE, "nan.gguf", "ffn_down_exps", "NaN");
    Path nowhere = folder.resolve("no-such-folder").resolve("out.gguf");
    Invocation.of("quantize", "--experts", "Q4_0", model, nowhere)
        .fails(ExitCode.FAILURE, "no-such-folder");
    Path taken = Files.createDirectory(folder.resolve("taken.gguf"));
    Invocation.of("quantize", "--experts", "Q4_0", "--force", model, taken)
        .fails(ExitCode.FAILURE, "taken.gguf");
    assertThat(names()).containsExactlyInAnyOrder("tiny.gguf", "nan.gguf", "taken.gguf");
  }

  @Test
  void interruptLeavesNothingHalfWritten() throws IOException {
    var cancellation = new Cancellation();
    cancellation.request();
    Invocation quantize =
        Invocation.into(
            new ByteArrayOutputStream(), cancellation, "quantize", "--experts", "Q4_0", model, out);
    assertThat(quantize.code()).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(names()).containsExactly("tiny.gguf");
  }

  private static MemorySegment rounded(GgufFile file, GgufTensor tensor) {
    var weights = new float[(int) tensor.elements()];
    Quants.decode(tensor.type(), file.data(tensor), 0, weights, 0, weights.length);
    var bytes = MemorySegment.ofArray(new byte[(int) GgmlType.Q4_0.byteSize(weights.length)]);
    Quants.quantize(GgmlType.Q4_0, weights, 0, bytes, 0, weights.length);
    return bytes;
  }

  private Stream<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList().stream();
    }
  }
}
