package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.cli.terminal.Cancellation;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.convert.HfModel;
import io.foregate.convert.HfModel.Source;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code convert} as users meet it: what it prints, and what it says of folders that are wrong. */
class ConvertCommandTest {
  private static final String MIXTRAL = "MixtralForCausalLM";
  private static final String QUERY = "model.layers.1.self_attn.q_proj.weight";

  @TempDir private Path folder;
  private Path source;
  private Path results;
  private Path out;

  @BeforeEach
  void makeFolders() throws IOException {
    source = folder.resolve("hf");
    results = Files.createDirectory(folder.resolve("results"));
    out = results.resolve("out.gguf");
  }

  /** Whatever happened: either the file, or nothing. */
  @AfterEach
  void nothingIsHalfWritten() throws IOException {
    try (Stream<Path> files = Files.list(results)) {
      assertThat(files).isSubsetOf(List.of(out));
    }
  }

  private HfModel mixtral() {
    return HfModel.of(MIXTRAL);
  }

  /** Converts a model that has been changed, which fails with one sentence and a hint. */
  private void refuses(Consumer<HfModel> change, String... words) throws IOException {
    HfModel model = mixtral();
    change.accept(model);
    model.write(source);
    convert().fails(ExitCode.FAILURE, words);
    assertThat(out).doesNotExist();
  }

  private Invocation convert(Object... more) {
    Object[] args = {"convert", source, "-o", out};
    return Invocation.of(Stream.concat(Arrays.stream(args), Arrays.stream(more)).toArray());
  }

  /** Without a word about it, long texts would come out otherwise than in transformers. */
  @Test
  void tellsOfAWindowThatTheFileDoesNotSay() throws IOException {
    HfModel model = mixtral();
    model.config.put("sliding_window", 16).put("max_position_embeddings", 64);
    model.write(source);
    Invocation warned = convert();
    assertThat(warned.code()).isEqualTo(ExitCode.OK);
    assertThat(warned.err()).contains("config.json", "'sliding_window' is 16");
    model.config.put("sliding_window", 64);
    model.write(source);
    convert("--force").succeeds();
    model.config.putNull("sliding_window");
    model.write(source);
    convert("--force").succeeds();
    HfModel phi = HfModel.of("PhimoeForCausalLM"); // whose file has a place for it
    phi.config.put("sliding_window", 16);
    phi.write(source);
    convert("--force").succeeds();
  }

  @Test
  void convertsWhatRunThenRuns() throws IOException {
    mixtral().writeSharded(source, 4);
    String told = convert("--outtype", "bf16").succeeds().out();
    assertThat(told).contains("out.gguf", "llama", "BF16");
    Invocation.of("run", "-m", out, "-p", "the", "-n", 3).succeeds();
    convert().fails(ExitCode.FAILURE, "out.gguf exists", "--force");
    JsonNode json = new JsonMapper().readTree(convert("--force", "--json").succeeds().out());
    assertThat(json.get("architecture").asText()).isEqualTo("llama");
    assertThat(json.get("type").asText()).isEqualTo("F32");
    assertThat(json.get("bytes").asLong()).isEqualTo(Files.size(out));
  }

  /** What the converter takes and the reader refuses: the check comes before the new name. */
  @Test
  void aFileThatDoesNotOpenNeverTakesTheOthersPlace() throws IOException {
    mixtral().write(source);
    convert().succeeds();
    byte[] before = Files.readAllBytes(out);
    HfModel odd = mixtral();
    odd.config.put("num_experts_per_tok", 9);
    odd.write(source);
    convert("--force").fails(ExitCode.FAILURE, "does not open, and has been deleted", "9");
    assertThat(Files.readAllBytes(out)).isEqualTo(before);
    Files.delete(out);
    convert().fails(ExitCode.FAILURE, "does not open, and has been deleted");
    assertThat(out).doesNotExist();
  }

  @Test
  void drawsProgressForAPerson() throws IOException {
    mixtral().write(source);
    assertThat(Invocation.watched("convert", source, "-o", out).err()).contains("converting");
  }

  @Test
  void aStopKeepsWhatIsDone() throws IOException {
    mixtral().write(source);
    var cancellation = new Cancellation();
    cancellation.request();
    OutputStream nowhere = new ByteArrayOutputStream();
    Invocation stopped = Invocation.into(nowhere, cancellation, "convert", source, "-o", out);
    assertThat(stopped.code()).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(stopped.err()).contains("out.gguf.part", "the same command goes on");
    assertThat(out).doesNotExist();
    assertThat(results.resolve("out.gguf.part")).exists();
    convert().succeeds();
  }

  @Test
  void badUsage() throws IOException {
    mixtral().write(source);
    convert("--outtype", "q4_k").fails(ExitCode.USAGE, "q4_k", "q8_0");
    Invocation.of("convert", folder.resolve("none")).fails(ExitCode.FAILURE, "no such folder");
    Invocation.of("convert", results).fails(ExitCode.FAILURE, "config.json", "no such file");
    Invocation.of("convert", source, "-o", folder.resolve("no/such/out.gguf"))
        .fails(ExitCode.FAILURE, "out.gguf");
  }

  @Test
  void unknownFamily() throws IOException {
    refuses(
        model -> model.config.putArray("architectures").add("Qwen3OmniForCausalLM"),
        "Qwen3OmniForCausalLM",
        "closest that can is Qwen3",
        "Supported: LlamaForCausalLM",
        "GptOssForCausalLM");
    refuses(model -> model.config.putArray("architectures"), "'architectures'", "one name");
  }

  @Test
  void settingsThatContradictTheTensors() throws IOException {
    refuses(
        m -> m.config.put("num_hidden_layers", 3),
        "model.layers.2.input_layernorm.weight",
        "is missing");
    refuses(m -> m.config.put("num_hidden_layers", 1), "is of layer 1", "'num_hidden_layers' is 1");
    refuses(m -> m.config.put("hidden_size", 32), "has shape [300, 64], expected [300, 32]");
    refuses(m -> m.config.put("num_local_experts", 5), "has shape [4, 64], expected [5, 64]");
    refuses(m -> m.config.put("num_attention_heads", 0), "'num_attention_heads' is 0");
    refuses(m -> m.config.put("num_attention_heads", "four"), "'num_attention_heads' is \"four\"");
    refuses(m -> m.config.remove("vocab_size"), "has shape [300, 64], expected [32000, 64]");
    refuses(m -> m.config.put("hidden_act", "gelu"), "'hidden_act' is \"gelu\"", "silu");
    refuses(
        m -> m.config.putObject("rope_scaling").put("type", "dynamic"), "rope_scaling", "dynamic");
    refuses(m -> m.config.putObject("rope_scaling").put("type", "yarn"), "rope_scaling.factor");
  }

  @Test
  void tensorsThatAreMissingOrMeanNothing() throws IOException {
    refuses(m -> m.tensors.remove(QUERY), QUERY, "is missing");
    refuses(
        m -> m.tensors.remove("model.layers.0.block_sparse_moe.experts.2.w1.weight"),
        "3 of 4 experts");
    refuses(
        m ->
            m.tensors.put(
                "model.layers.0.adapter.weight", new Source("F32", new int[] {1}, new float[1])),
        "model.layers.0.adapter.weight",
        "means nothing");
    refuses(
        m -> m.tensors.put(QUERY, new Source("F32", new int[] {64, 63}, new float[64 * 63])),
        QUERY,
        "[64, 63], expected [64, 64]");
  }

  @Test
  void typesAndValuesThatCannotBeConverted() throws IOException {
    refuses(
        m -> m.tensors.put(QUERY, new Source("F8_E4M3", new int[] {64, 64}, new float[64 * 64])),
        QUERY,
        "F8_E4M3",
        "Supported: F32, F16, BF16");
    refuses(
        m -> m.tensors.put(QUERY, new Source("U8", new int[] {64, 64}, new float[64 * 64])),
        QUERY,
        "type U8, expected a floating-point type");
    HfModel model = mixtral();
    model.tensors.get(QUERY).values()[100] = 70_000;
    model.write(source);
    convert("--outtype", "f16").fails(ExitCode.FAILURE, QUERY, "too large for F16", "bf16");
    model.tensors.get(QUERY).values()[100] = Float.NaN;
    model.write(source);
    convert("--outtype", "q8_0").fails(ExitCode.FAILURE, QUERY, "NaN", "expected a number");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\\u0000b", "../weights", "..", "/etc/passwd", "a/b"})
  void aShardsNameIsThatOfAFileInTheFolder(String name) throws IOException {
    mixtral().write(source);
    Files.delete(source.resolve("model.safetensors"));
    Files.writeString(
        source.resolve("model.safetensors.index.json"),
        "{\"weight_map\": {\"a\": \"" + name + "\"}}");
    convert().fails(ExitCode.FAILURE, "index.json", "is not the name of a file in the folder");
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "tokenizer.json"})
  void halfACharacterIsNoText(String name) throws IOException {
    mixtral().write(source);
    Path file = source.resolve(name);
    String json = Files.exists(file) ? Files.readString(file) : "{}";
    int brace = json.indexOf('{') + 1;
    boolean only = json.substring(brace).strip().equals("}");
    String field = "\"odd\": \"ab\\ud83d\"" + (only ? "" : ",");
    Files.writeString(file, json.substring(0, brace) + field + json.substring(brace));
    convert().fails(ExitCode.FAILURE, name, "half of a character", "\\uD83D");
  }

  @Test
  void shardsThatAreMissingCutOrMixedUp() throws IOException {
    mixtral().writeSharded(source, 3);
    Path second = source.resolve("model-00002-of-00003.safetensors");
    byte[] whole = Files.readAllBytes(second);
    Files.delete(second);
    convert().fails(ExitCode.FAILURE, "1 of 3 shards are missing", "00002-of");
    for (int length : new int[] {0, 7, 8, 100, whole.length / 2, whole.length - 1}) {
      Files.write(second, Arrays.copyOf(whole, length));
      convert().fails(ExitCode.FAILURE, second.getFileName().toString(), "damaged");
    }
    Files.copy(
        source.resolve("model-00001-of-00003.safetensors"),
        second,
        StandardCopyOption.REPLACE_EXISTING);
    convert().fails(ExitCode.FAILURE, "is also in");
    Files.write(second, whole);
    Path index = source.resolve("model.safetensors.index.json");
    String map = Files.readString(index);
    Files.writeString(index, map.replace(QUERY, "model.layers.7.nothing"));
    convert().fails(ExitCode.FAILURE, "is not in", "as the index says");
    Files.writeString(index, map.replace("model-00002-of-00003.safetensors", "../x.safetensors"));
    convert().fails(ExitCode.FAILURE, "../x.safetensors", "not the name of a file");
    Files.writeString(index, "{}");
    convert().fails(ExitCode.FAILURE, "names no tensor");
    Files.writeString(index, "{");
    convert().fails(ExitCode.FAILURE, "not JSON");
    Files.delete(index);
    convert().fails(ExitCode.FAILURE, "there is neither", "save_pretrained");
  }

  @Test
  void tokenizersThatAreMissingOrUnknown() throws IOException {
    mixtral().write(source);
    Path tokenizer = source.resolve("tokenizer.json");
    String text = Files.readString(tokenizer);
    Files.writeString(tokenizer, text.replace("\\\\p{N}|", "\\\\p{N}{7}|"));
    convert().fails(ExitCode.FAILURE, "no name is known for a pre-tokenizer", "--pre");
    convert("--pre", "qwen2").succeeds();
    Files.delete(out);
    Files.delete(tokenizer);
    convert().fails(ExitCode.FAILURE, "neither tokenizer.json nor tokenizer.model");
  }
}
