package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.cli.terminal.Cancellation;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.quant.encode.ReferenceQuantizer;
import io.foregate.quant.format.Quants;
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
    Invocation.of("quantize", "--experts", "q4_0", "--method", "reference", model, out).succeeds();
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
    assertThat(result.at("/types_after/Q8_0").asInt()).isEqualTo(3 * TinyGguf.LAYERS);
    assertThat(result.get("changed").asInt()).isEqualTo(3 * TinyGguf.LAYERS);
    try (GgufFile written = GgufFile.open(out)) {
      int tensors = written.tensors().size();
      assertThat(result.get("kept").asInt()).isEqualTo(tensors - 3 * TinyGguf.LAYERS);
    }
    assertThat(result.at("/parts/experts/bits_per_weight").asDouble()).isEqualTo(8.5);
    JsonNode first = result.at("/tensors/0");
    assertThat(first.get("relative_error").asDouble()).isBetween(1e-4, 1e-2);
    assertThat(result.get("bytes_before").asLong()).isEqualTo(before);
    assertThat(result.get("bytes_after").asLong()).isEqualTo(Files.size(out)).isLessThan(before);

    Invocation text =
        Invocation.of("quantize", "--experts", "q4_0", "--force", out, folder.resolve("q4.gguf"));
    assertThat(text.succeeds().out()).contains("q4.gguf: 6 tensors Q8_0 -> Q4_0", "KiB", "4.50");
  }

  @Test
  void searchesUnlessToldOtherwise() throws IOException {
    Path report = folder.resolve("report.json");
    double[] errors = new double[2];
    for (int i = 0; i < 2; i++) {
      String method = i == 0 ? "reference" : "search";
      Invocation.of(
              "quantize",
              "--experts",
              "q4_0",
              "--method",
              method,
              "--report",
              report,
              "--force",
              model,
              out)
          .succeeds();
      JsonNode json = new JsonMapper().readTree(report.toFile());
      assertThat(json.get("method").asText()).isEqualTo(method);
      errors[i] = json.at("/parts/experts/relative_error").asDouble();
    }
    assertThat(errors[1]).isNotEqualTo(errors[0]).isBetween(0.5 * errors[0], 1.1 * errors[0]);
    Invocation.of("quantize", "--experts", "q4_0", "--method", "guess", model, out)
        .fails(ExitCode.USAGE, "'guess'", "search, hqq");
  }

  @Test
  void everyPartHasItsType() {
    Invocation.of(
            "quantize",
            "--experts",
            "q4_0",
            "--attention",
            "q8_0",
            "--embedding",
            "q5_1",
            "--output",
            "f16",
            "--per-layer",
            "1=iq4_nl",
            "--per-layer",
            "attn_q=keep",
            model,
            out)
        .succeeds();
    try (GgufFile after = GgufFile.open(out)) {
      assertThat(after.tensor("blk.0.ffn_up_exps.weight").type()).isEqualTo(GgmlType.Q4_0);
      assertThat(after.tensor("blk.1.ffn_up_exps.weight").type()).isEqualTo(GgmlType.IQ4_NL);
      assertThat(after.tensor("blk.1.attn_k.weight").type()).isEqualTo(GgmlType.Q8_0);
      assertThat(after.tensor("blk.1.attn_q.weight").type()).isEqualTo(GgmlType.F32);
      assertThat(after.tensor("token_embd.weight").type()).isEqualTo(GgmlType.Q5_1);
      assertThat(after.tensor("output.weight").type()).isEqualTo(GgmlType.F16);
      assertThat(after.tensor("blk.0.attn_norm.weight").type()).isEqualTo(GgmlType.F32);
      assertThat(after.tensor("blk.0.ffn_gate_inp.weight").type()).isEqualTo(GgmlType.F32);
    }
    Invocation.of("run", "-m", out, "-p", "the", "-n", 2).succeeds();
  }

  /** Rows of 32 have no blocks of 256. */
  @Test
  void fallsBackAsLlamaCppDoes() {
    String text = Invocation.of("quantize", "--experts", "Q4_K", model, out).succeeds().out();
    assertThat(text).contains("Q5_0", "5.50", "the blocks of Q4_K do not divide");
    try (GgufFile after = GgufFile.open(out)) {
      assertThat(after.tensor("blk.0.ffn_up_exps.weight").type()).isEqualTo(GgmlType.Q5_0);
    }
    assertThat(Quants.fitting(GgmlType.Q2_K, 128)).isEqualTo(GgmlType.Q4_0);
    assertThat(Quants.fitting(GgmlType.Q6_K, 128)).isEqualTo(GgmlType.Q8_0);
    assertThat(Quants.fitting(GgmlType.Q4_K, 48)).isEqualTo(GgmlType.F16);
    assertThat(Quants.fitting(GgmlType.Q4_K, 512)).isEqualTo(GgmlType.Q4_K);
  }

  @Test
  void refusesWhatItCannotDo() throws IOException {
    Invocation.of("quantize", "--experts", "Q9_X", model, out)
        .fails(ExitCode.USAGE, "'Q9_X'", "Q4_K");
    Invocation.of("quantize", "--experts", "Q4_0", "-t", "-3", model, out)
        .fails(ExitCode.USAGE, "--threads is -3");
    Invocation.of("quantize", "--experts", "iq2_xs", model, out)
        .fails(ExitCode.USAGE, "'iq2_xs'", "written", "IQ4_XS");
    Invocation.of("quantize", model, out).fails(ExitCode.USAGE, "nothing", "--experts");
    Invocation.of("quantize", "--per-layer", "Q4_0", model, out)
        .fails(ExitCode.USAGE, "'Q4_0'", "LAYERS=TYPE");
    Invocation.of("quantize", "--per-layer", "[a=Q4_0", model, out)
        .fails(ExitCode.USAGE, "[a=Q4_0", "regular expression");
    Invocation.of("quantize", "--per-layer", "7-9=Q4_0", model, out)
        .fails(ExitCode.FAILURE, "tiny.gguf", "--per-layer 7-9=Q4_0");
    Invocation.of("quantize", "--experts", "Q4_0", "--imatrix", model, model, out)
        .fails(ExitCode.FAILURE, "general.type", "imatrix");
    Path dense = TinyGguf.dense().write(folder.resolve("dense.gguf"));
    Invocation.of("quantize", "--experts", "Q4_0", dense, out)
        .fails(ExitCode.FAILURE, "none of the", "--experts", "dense");
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
    ReferenceQuantizer.quantize(GgmlType.Q4_0, weights, 0, bytes, 0, weights.length);
    return bytes;
  }

  private Stream<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList().stream();
    }
  }
}
