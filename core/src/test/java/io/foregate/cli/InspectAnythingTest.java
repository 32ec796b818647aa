package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.cli.terminal.ExitCode;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.GgufWriter;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code inspect} describes every valid GGUF file, whatever it is of. */
class InspectAnythingTest {
  private static final GgufValue LLAMA = new GgufValue.Str("llama");

  @TempDir Path folder;

  static List<Arguments> files() {
    return List.of(
        Arguments.of(Map.of(), "metadata 'general.architecture' is missing"),
        Arguments.of(
            Map.of("general.architecture", new GgufValue.Str("some-future")),
            "has architecture 'some-future', which is not supported"),
        Arguments.of(
            Map.of("general.architecture", new GgufValue.U32(7)),
            "'general.architecture' is U32[value=7], expected a string"),
        Arguments.of(Map.of("general.architecture", LLAMA), "'llama.block_count' is missing"),
        Arguments.of(
            Map.of("general.architecture", LLAMA, "general.type", new GgufValue.Str("adapter")),
            "is an adapter (LoRA) for a model"),
        Arguments.of(
            Map.of("general.architecture", new GgufValue.Str("clip")),
            "holds a model's part for images or sound alone"),
        Arguments.of(
            Map.of("general.architecture", LLAMA, "general.type", new GgufValue.Str("mmproj")),
            "holds a model's part for images or sound alone"),
        Arguments.of(
            Map.of("general.type", new GgufValue.Str("imatrix")), "is an importance matrix"),
        Arguments.of(
            Map.of(
                "general.architecture", LLAMA,
                "general.name", new GgufValue.U32(1),
                "tokenizer.ggml.model", GgufArray.ofInts(new int[] {1}),
                "tokenizer.ggml.tokens", new GgufValue.Str("none"),
                "llama.block_count", new GgufValue.Str("many"),
                "llama.embedding_length", new GgufValue.F32(1.5f)),
            "'llama.block_count' is the string 'many', expected a 32-bit integer"),
        Arguments.of(
            Map.of(
                "general.architecture", LLAMA,
                "llama.block_count", new GgufValue.U32(0x7FFFFFFF),
                "llama.embedding_length", new GgufValue.U32(0x7FFFFFFF),
                "llama.attention.head_count", new GgufValue.U32(1),
                "llama.expert_count", new GgufValue.U32(0x7FFFFFFF),
                "llama.context_length", new GgufValue.U32(0x7FFFFFFF)),
            "'llama.block_count' is 2147483647, expected 1 to"));
  }

  @ParameterizedTest
  @MethodSource("files")
  void saysThatAFileDoesNotRunAndWhy(Map<String, GgufValue> metadata, String why) {
    Path file = write(metadata, "blk_ffn_gate_exps.weight");
    assertThat(Invocation.of("inspect", file).succeeds().out())
        .contains("runs here", "no: ")
        .contains(why);
    assertThat(Invocation.of("inspect", "--json", "--metadata", "--tensors", file).succeeds().out())
        .contains("\"supported\" : false", "\"obstacle\" : ");
    Invocation.of("inspect", "--vram", "8GiB", file).succeeds();
  }

  @Test
  void aVocabularyAloneIsOne() {
    Path file = folder.resolve("vocabulary.gguf");
    try (GgufWriter writer = GgufWriter.to(file)) {
      writer.metadata("general.architecture", LLAMA).write();
    }
    assertThat(Invocation.of("inspect", file).succeeds().out()).contains("no: ", "has no tensors");
    Invocation.of("run", "-m", file, "-p", "x").fails(ExitCode.FAILURE, "has no tensors");
  }

  @Test
  void aShardAloneIsNoModel() {
    Map<String, GgufValue> shard =
        Map.of(
            "general.architecture",
            LLAMA,
            "split.count",
            new GgufValue.U16(3),
            "split.no",
            new GgufValue.U16(1));
    Path file = write(shard, "blk_ffn_gate_exps.weight");
    Invocation.of("inspect", file)
        .fails(
            ExitCode.FAILURE, "file.gguf: is a shard of 3", "expected a name such as file-00001");
  }

  @Test
  void layersThatDifferAreDescribedByTheLargest() {
    var metadata = new LinkedHashMap<String, GgufValue>();
    metadata.put("general.architecture", new GgufValue.Str("gemma9"));
    metadata.put("gemma9.block_count", new GgufValue.U32(2));
    metadata.put("gemma9.embedding_length", new GgufValue.U32(64));
    metadata.put("gemma9.attention.head_count", GgufArray.ofInts(new int[] {2, 4}));
    metadata.put("gemma9.feed_forward_length", GgufArray.ofInts(new int[] {96, 128}));
    Path file = write(metadata, "token_embd.weight");
    assertThat(Invocation.of("inspect", file).succeeds().out())
        .contains("4 heads of 16", "feed-forward", "128", "'gemma9', which is not supported");
    try (GgufFile gguf = GgufFile.open(file)) {
      assertThat(InspectProbe.inspect(gguf)).contains("runs here");
    }
  }

  private Path write(Map<String, GgufValue> metadata, String tensor) {
    Path file = folder.resolve("file.gguf");
    try (GgufWriter writer = GgufWriter.to(file)) {
      metadata.forEach(writer::metadata);
      MemorySegment data = MemorySegment.ofArray(new byte[4 * Float.BYTES]);
      writer.tensor(tensor, GgmlType.F32, List.of(4L), data).write();
    }
    return file;
  }
}
