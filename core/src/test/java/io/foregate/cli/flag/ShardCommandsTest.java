package io.foregate.cli.flag;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.cli.Invocation;
import io.foregate.cli.TinyGguf;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.convert.HfModel;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.ModelHash;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Commands take a model in shards as they take one file, whichever shard is named. */
@Timeout(120)
class ShardCommandsTest {
  private static final int SHARDS = 5;
  private static final Object[] KEEP = {"quantize", "--experts", "keep"};

  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() {
    Path given = TinyGguf.mixture().write(folder.resolve("given.gguf"));
    model = folder.resolve("m.gguf");
    Invocation.of(with(KEEP, given, model)).succeeds();
    Invocation.of(with(KEEP, "--split-max-tensors", 5, given, model)).succeeds();
    assertThat(shard(SHARDS)).exists();
  }

  private static Object[] with(Object[] words, Object... more) {
    return Stream.of(words, more).flatMap(Stream::of).toArray();
  }

  private Path shard(int number) {
    return folder.resolve("m-%05d-of-%05d.gguf".formatted(number, SHARDS));
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> found = Files.list(folder)) {
      return found.sorted().toList();
    }
  }

  private static JsonNode json(Invocation invocation) throws IOException {
    return new JsonMapper().readTree(invocation.succeeds().out());
  }

  @Test
  void theTextIsTheSame() {
    Object[] run = {"run", "-p", "the hat", "-n", 8, "--temp", 0, "-m"};
    String expected = Invocation.of(with(run, model)).succeeds().out();
    for (int i : new int[] {1, 2, SHARDS}) {
      assertThat(Invocation.of(with(run, shard(i))).succeeds().out()).isEqualTo(expected);
    }
    Object[] eval = {"eval", "--tokens", "1,4,5", "--json", "-m"};
    String logits = Invocation.of(with(eval, model)).succeeds().out();
    assertThat(
            Invocation.of(with(eval, shard(2)))
                .succeeds()
                .out()
                .replaceFirst("m-0.*gguf", "m.gguf"))
        .isEqualTo(logits.replaceFirst("m-0.*gguf", "m.gguf"));
  }

  @Test
  void inspectCountsTheFiles() throws IOException {
    JsonNode one = json(Invocation.of("inspect", "--json", "--tensors", model));
    JsonNode facts = json(Invocation.of("inspect", "--json", "--tensors", shard(3)));
    assertThat(facts.at("/facts/model").asText()).isEqualTo(shard(1).toString());
    assertThat(facts.at("/facts/shards").asInt()).isEqualTo(SHARDS);
    assertThat(one.at("/facts/shards").asInt()).isEqualTo(1);
    for (String same : List.of("tensors", "metadata_entries", "parameters", "parts", "shape")) {
      assertThat(facts.at("/facts/" + same)).isEqualTo(one.at("/facts/" + same));
    }
    assertThat(facts.at("/facts/supported").asBoolean()).isTrue();
    assertThat(facts.at("/tensors/5/shard").asInt()).isEqualTo(2);
    assertThat(facts.at("/tensors/5/offset").asLong()).isZero();
    assertThat(Invocation.of("inspect", shard(2)).succeeds().out()).contains(" in 5 shards, ");
  }

  @Test
  void mergeGivesTheFileBack() throws IOException {
    Path merged = folder.resolve("merged.gguf");
    String said = Invocation.of("merge", shard(4), merged).succeeds().out();
    assertThat(said).contains("merged.gguf: ", " of 5 shards");
    assertThat(merged).hasSameBinaryContentAs(model);
    byte[] before = Files.readAllBytes(merged);
    Invocation.of("merge", shard(1), merged)
        .fails(ExitCode.FAILURE, "merged.gguf exists", "--force");
    assertThat(merged).hasBinaryContent(before);
    JsonNode result = json(Invocation.of("merge", shard(1), merged, "--force", "--json"));
    assertThat(result.get("shards").asInt()).isEqualTo(SHARDS);
    assertThat(result.get("bytes").asLong()).isEqualTo(Files.size(merged));

    Invocation.of("merge", merged, folder.resolve("x.gguf"))
        .fails(ExitCode.FAILURE, "holds all of its model", "nothing to merge");
    Invocation.of("merge", shard(1), shard(2), "--force")
        .fails(ExitCode.FAILURE, "is both the model to read and the file to write");
    Files.delete(shard(3));
    Invocation.of("merge", shard(1), folder.resolve("x.gguf"))
        .fails(ExitCode.FAILURE, "1 of the model's 5 shards is missing: m-00003-of-00005.gguf");
    assertThat(folder.resolve("x.gguf")).doesNotExist();
  }

  @Test
  void quantizeReadsAndWritesShards() throws IOException {
    Path one = folder.resolve("one.gguf");
    Object[] quantize = {"quantize", "--experts", "q4_0", "--method", "reference"};
    Invocation.of(with(quantize, model, one)).succeeds();
    Path many = folder.resolve("many.gguf");
    Object[] words = with(quantize, shard(2), many, "--split-max-size", "20KiB", "--json");
    JsonNode report = json(Invocation.of(words));
    assertThat(report.get("model").asText()).contains("many-00001-of-0000");
    int shards = report.get("shards").asInt();
    assertThat(shards).isGreaterThan(1);
    assertThat(many).doesNotExist();
    Path first = Path.of(report.get("model").asText());
    Path merged = folder.resolve("merged.gguf");
    Invocation.of("merge", first, merged).succeeds();
    assertThat(merged).hasSameBinaryContentAs(one);

    Path last = folder.resolve("many-%05d-of-%05d.gguf".formatted(shards, shards));
    byte[] kept = Files.readAllBytes(last);
    Files.delete(first);
    List<Path> before = files();
    Invocation.of(with(quantize, shard(2), many, "--split-max-size", "20KiB"))
        .fails(ExitCode.FAILURE, "-of-0000" + shards + ".gguf exists", "--force");
    assertThat(files()).isEqualTo(before);
    assertThat(last).hasBinaryContent(kept);
    Invocation.of(with(quantize, shard(2), many, "--split-max-size", "20KiB", "--force"))
        .succeeds();
    assertThat(first).exists();
  }

  @Test
  void quantizeDoesNotWriteOverWhatItReads() throws IOException {
    byte[] before = Files.readAllBytes(shard(2));
    Invocation.of(with(KEEP, "--split-max-tensors", 5, "--force", shard(1), model))
        .fails(ExitCode.FAILURE, "is both the model to read and the file to write");
    assertThat(shard(2)).hasBinaryContent(before);
  }

  @Test
  void aQuantizationThatFailsLeavesNoShard() throws IOException {
    Path poisoned = TinyGguf.mixture().withNaN().write(folder.resolve("nan.gguf"));
    List<Path> before = files();
    Path out = folder.resolve("out.gguf");
    Invocation.of("quantize", "--experts", "q4_0", poisoned, out, "--split-max-tensors", 1)
        .fails(ExitCode.FAILURE, "expected a number");
    assertThat(files()).isEqualTo(before);
  }

  /** Shards and the merged file are one model, and the files beside it are called after both. */
  @Test
  void whatWasMadeForOneFileServesItsShards() throws IOException {
    try (GgufFile one = GgufFile.open(model);
        GgufFile shards = GgufFile.open(shard(4))) {
      assertThat(ModelHash.of(shards)).isEqualTo(ModelHash.of(one));
    }
    Path session = folder.resolve("s.session");
    Object[] run = {"run", "-n", 2, "--temp", 0, "--session", session, "-p"};
    Invocation.of(with(run, "the hat", "-m", shard(3))).requireExit(ExitCode.OK);
    Invocation.of(with(run, "the hat ate that", "-m", model)).requireExit(ExitCode.OK);

    Object[] offload = {
      "run", "-p", "the", "-n", 2, "--policy", "lru", "--expert-slots", "100%", "--store", "file"
    };
    Invocation.of(with(offload, "-m", shard(2))).requireExit(ExitCode.OK);
    Path store = folder.resolve("m.rows.experts");
    Object built = Files.readAttributes(store, "unix:ino").get("ino");
    Invocation.of(with(offload, "-m", model)).requireExit(ExitCode.OK);
    assertThat(Files.readAttributes(store, "unix:ino").get("ino")).isEqualTo(built);

    Path text = Files.writeString(folder.resolve("t.txt"), "the hat ate that tea ".repeat(60));
    Object[] align = {"align", "--ctx", 64, "--tokens", 600, "--hidden", 2, "--passes", 1};
    Invocation.of(with(align, "--horizon", 1, "-m", shard(5), "--text", text))
        .requireExit(ExitCode.OK);
    assertThat(folder.resolve("m.gates.safetensors")).exists();
    Object[] lookahead = {"run", "-p", "the", "-n", 2, "--policy", "lookahead"};
    for (Path either : List.of(model, shard(2))) {
      Invocation.of(with(lookahead, "--expert-slots", "100%", "-m", either))
          .requireExit(ExitCode.OK);
    }
  }

  @Test
  void convertWritesShards() throws IOException {
    Path source = HfModel.of("MixtralForCausalLM").write(folder.resolve("hf"));
    Path one = folder.resolve("c.gguf");
    Invocation.of("convert", source, "-o", one).requireExit(ExitCode.OK);
    Object[] split = {"convert", source, "-o", one, "--split-max-tensors", 9, "--json"};
    Invocation converted = Invocation.of(split);
    JsonNode result = new JsonMapper().readTree(converted.requireExit(ExitCode.OK).out());
    int shards = result.get("shards").asInt();
    assertThat(shards).isGreaterThan(1);
    Path last = folder.resolve("c-%05d-of-%05d.gguf".formatted(shards, shards));
    Path merged = folder.resolve("merged.gguf");
    Invocation.of("merge", last, merged).succeeds();
    assertThat(merged).hasSameBinaryContentAs(one);
    Invocation.of(split).fails(ExitCode.FAILURE, "c-00001-of-0000", "exists", "--force");
    assertThat(files()).noneMatch(f -> f.toString().matches(".*\\.(part|resume|lock)"));
  }

  @Test
  void sizesAreLlamasAndOurs() {
    Path out = folder.resolve("out.gguf");
    for (String size : List.of("1G", "1M", "2GiB", "1500kB")) {
      Invocation.of(with(KEEP, model, out, "--split-max-size", size, "--force")).succeeds();
    }
    for (String size : List.of("0M", "10", "-1G", "1X", "")) {
      Invocation.of(with(KEEP, model, out, "--split-max-size=" + size, "--force"))
          .fails(ExitCode.USAGE, "--split-max-size", "no size such as 2G");
    }
    Invocation.of(with(KEEP, model, out, "--split-max-tensors", 0))
        .fails(ExitCode.USAGE, "--split-max-tensors is 0");
    Invocation.of("llama-gguf-split", "--merge", model, out)
        .fails(ExitCode.USAGE, "foregate merge SHARD OUT");
  }
}
