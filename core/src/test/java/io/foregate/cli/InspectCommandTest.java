package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.gguf.GgmlType;
import io.foregate.oracle.TinyDeepSeek;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import io.foregate.placement.DeviceBudget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {
  private static final int EXPERT_WEIGHTS = 3 * TinyGguf.WIDTH * TinyGguf.WIDTH;

  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() {
    model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
  }

  @Test
  void countsWhatTheFileHolds() throws IOException {
    JsonNode facts = json("--ctx", "100").get("facts");
    assertThat(facts.get("supported").asBoolean()).isTrue();
    assertThat(facts.at("/shape/layers").asInt()).isEqualTo(TinyGguf.LAYERS);
    assertThat(facts.at("/shape/experts").asInt()).isEqualTo(4);
    assertThat(facts.at("/experts/count").asInt()).isEqualTo(4 * TinyGguf.LAYERS);
    assertThat(facts.at("/experts/bytes_each").asInt()).isEqualTo(4 * EXPERT_WEIGHTS);
    long idle = 2L * TinyGguf.LAYERS * EXPERT_WEIGHTS;
    assertThat(facts.get("parameters").asLong() - facts.get("active_parameters").asLong())
        .isEqualTo(idle);
    assertThat(facts.get("bits_per_weight").asDouble()).isEqualTo(32);
    // Keys and values of one head of 16 in two layers, two bytes each.
    assertThat(facts.at("/kv_cache/bytes_per_token").asInt()).isEqualTo(2 * 16 * 2 * 2);
    assertThat(facts.at("/kv_cache/bytes").asInt()).isEqualTo(100 * 2 * 16 * 2 * 2);
  }

  /**
   * A latent of 96 and a shared key of 16 in two layers, two bytes each, in either form of file.
   */
  @Test
  void countsLatentsOfLatentAttention() throws IOException {
    for (TinyModel tiny :
        List.of(TinyDeepSeek.lite("joint", 2, Map.of()), TinyDeepSeek.grouped("split", Map.of()))) {
      model = TinyModelWriter.write(tiny, folder);
      JsonNode facts = json().get("facts");
      assertThat(facts.at("/kv_cache/bytes_per_token").asInt()).isEqualTo((96 + 16) * 2 * 2);
      assertThat(facts.at("/shape/key_size").asInt()).isEqualTo(32 + 16);
      assertThat(facts.at("/shape/value_size").asInt()).isEqualTo(64);
      assertThat(facts.at("/experts/count").asInt()).isEqualTo(8);
    }
  }

  @Test
  void fitsExpertsIntoWhatIsLeft() throws IOException {
    JsonNode facts = json().get("facts");
    long resident =
        facts.at("/kv_cache/bytes").asLong()
            + sumOfParts(facts)
            - facts.at("/experts/bytes").asLong();
    long expert = facts.at("/experts/bytes_each").asLong();
    JsonNode all = json("--vram", "1GiB").get("fit");
    assertThat(all.get("resident_bytes").asLong()).isEqualTo(resident);
    long needed = resident + all.get("scratch_bytes").asLong();
    JsonNode fit = json("--vram", deviceWith(needed + 3 * expert + 1)).get("fit");
    assertThat(fit.get("expert_slots").asInt()).isEqualTo(3);
    assertThat(json("--vram", deviceWith(needed + 3 * expert - 1)).at("/fit/expert_slots").asInt())
        .isEqualTo(2);
    assertThat(json("--vram", deviceWith(needed - 1)).at("/fit/rest_bytes").asLong()).isEqualTo(-1);
    assertThat(json("--vram", "1GiB").at("/fit/expert_slots").asInt()).isEqualTo(8);
  }

  /** A device that has so many bytes beside its driver's. */
  private static String deviceWith(long bytes) {
    long device = bytes;
    while (new DeviceBudget(device, 0, 0, 0).left() < bytes) {
      device++;
    }
    return device + "B";
  }

  @Test
  void boundsTokensPerSecondByTheLink() throws IOException {
    JsonNode facts = json().get("facts");
    long expert = facts.at("/experts/bytes_each").asLong();
    long resident =
        facts.at("/kv_cache/bytes").asLong()
            + sumOfParts(facts)
            - facts.at("/experts/bytes").asLong();
    // Six of eight experts fit; a token uses two in each of the two layers, one of the four
    // missing.
    long scratch = json("--vram", "1GiB").at("/fit/scratch_bytes").asLong();
    String vram = deviceWith(resident + scratch + 6 * expert);

    JsonNode bound = json("--vram", vram, "--link-gbps", "2").get("copy_bound");
    assertThat(bound.get("experts_per_token").asInt()).isEqualTo(4);
    assertThat(bound.get("hit_rate").asDouble()).isEqualTo(0.75);
    assertThat(bound.get("bytes_per_token").asLong()).isEqualTo(expert);
    assertThat(bound.get("tokens_per_second").asDouble()).isEqualTo(2e9 / expert);
    assertThat(bound.get("tokens_per_second_without_hits").asDouble())
        .isEqualTo(2e9 / (4 * expert));
    assertThat(json("--vram", "1GiB").at("/copy_bound/tokens_per_second").isNull()).isTrue();
    assertThat(json("--vram", "1KiB").get("copy_bound").isNull()).isTrue();

    assertThat(Invocation.of("inspect", model, "--vram", vram).succeeds().out())
        .contains("25.00 GB/s", "75.00 %", "link / (experts per token x (1 - hit rate)");
    Invocation.of("inspect", model, "--vram", vram, "--link-gbps", 0)
        .fails(ExitCode.USAGE, "--link-gbps is 0");
    Invocation.of("inspect", model, "--link-gbps", 5).fails(ExitCode.USAGE, "without --vram");
  }

  @Test
  void listsTensorsAndMetadata() {
    String out = Invocation.of("inspect", model, "--tensors", "--metadata").succeeds().out();
    assertThat(out)
        .contains("blk.1.ffn_down_exps.weight", "32 x 32 x 4", "general.architecture", "tiny");
  }

  @Test
  void saysWhyAModelDoesNotRun() {
    Path other = TinyGguf.mixture().withArchitecture("starcoder").write(folder.resolve("o.gguf"));
    assertThat(Invocation.of("inspect", other).succeeds().out())
        .contains("no: ", "'starcoder'", "not supported");
    Invocation.of("run", "-m", other, "-p", "a")
        .fails(ExitCode.FAILURE, "'starcoder'", "Supported", "llama");
    Path type = TinyGguf.mixture().withExpertType(GgmlType.Q8_1).write(folder.resolve("t.gguf"));
    Invocation.of("run", "-m", type, "-p", "a")
        .fails(ExitCode.FAILURE, "Q8_1", "Supported", "Q4_K");
  }

  @Test
  void damagedFilesGetASentence() throws IOException {
    byte[] good = Files.readAllBytes(model);
    damaged("truncated", Arrays.copyOf(good, good.length / 2));
    damaged("header-only", Arrays.copyOf(good, 12));
    damaged("empty", new byte[0]);
    damaged("magic", with(good, 0, (byte) 'X'));
    damaged("future-version", with(good, 4, (byte) 99));
    damaged("absurd-tensors", with(good, 8 + 6, (byte) 0x7F));
    damaged("absurd-metadata", with(good, 16 + 6, (byte) 0x7F));
    damaged("key-length", with(good, 24 + 4, (byte) 0x7F));
    damaged("value-type", with(good, 24 + 8 + "general.architecture".length(), (byte) 77));
  }

  @Test
  void notAFile() {
    Invocation.of("inspect", folder).fails(ExitCode.FAILURE, "directory");
    Invocation.of("inspect").fails(ExitCode.USAGE, "one model");
    Invocation.of("inspect", model, "-m", model).fails(ExitCode.USAGE, "one model");
    Invocation.of("inspect", model, "-c", "-5").fails(ExitCode.USAGE, "--ctx is -5");
  }

  /** Weights carry no checksum, but whatever describes them is checked. */
  @Test
  void flippedBitsNeverGetFurtherThanASentence() throws IOException {
    byte[] good = Files.readAllBytes(model);
    int described = good.length - TinyGguf.dataBytes(model);
    var random = new Random(1);
    for (int i = 0; i < 200; i++) {
      byte[] flipped = good.clone();
      flipped[random.nextInt(described)] ^= (byte) (1 << random.nextInt(8));
      Path file = Files.write(folder.resolve("flipped.gguf"), flipped);
      for (List<Object> command :
          List.<List<Object>>of(
              List.of("inspect", file), List.of("eval", "-m", file, "--tokens", "1"))) {
        Invocation result = Invocation.of(command.toArray());
        if (result.code() == ExitCode.OK) {
          result.succeeds();
        } else {
          result.fails(ExitCode.FAILURE, "foregate: ");
        }
      }
    }
  }

  private void damaged(String name, byte[] bytes) throws IOException {
    Path file = Files.write(folder.resolve(name + ".gguf"), bytes);
    Path out = folder.resolve("out.gguf");
    Invocation.of("inspect", file).fails(ExitCode.FAILURE, file.toString());
    Invocation.of("run", "-m", file, "-p", "a").fails(ExitCode.FAILURE, file.toString());
    Invocation.of("quantize", "--experts", "Q4_0", file, out)
        .fails(ExitCode.FAILURE, file.toString());
    assertThat(out).doesNotExist();
  }

  private static byte[] with(byte[] bytes, int at, byte value) {
    byte[] copy = bytes.clone();
    copy[at] = value;
    return copy;
  }

  private static long sumOfParts(JsonNode facts) {
    long sum = 0;
    for (JsonNode part : facts.get("parts")) {
      sum += part.get("bytes").asLong();
    }
    return sum;
  }

  private JsonNode json(Object... args) throws IOException {
    var all = new Object[args.length + 3];
    all[0] = "inspect";
    all[1] = model;
    all[2] = "--json";
    System.arraycopy(args, 0, all, 3, args.length);
    return new JsonMapper().readTree(Invocation.of(all).succeeds().out());
  }

  @Test
  void sizesAndLinksMayBeLists() throws IOException {
    JsonNode json = json("--vram", "1GiB,1KiB", "--link-gbps", "2,4");
    assertThat(json.get("fits")).hasSize(4);
    assertThat(json.at("/fits/0/fit/vram_bytes").asLong()).isEqualTo(1L << 30);
    assertThat(json.at("/fits/1/copy_bound/link_gbps").asDouble()).isEqualTo(4);
    assertThat(json.at("/fits/2/fit/vram_bytes").asLong()).isEqualTo(1024);
    assertThat(json.get("fit")).isEqualTo(json.at("/fits/0/fit"));
    assertThat(Invocation.of("inspect", model, "--vram", "1GiB,1KiB").succeeds().out())
        .contains("1.00 GiB", "1.00 KiB")
        .containsPattern("lookahead gates +not counted");
  }

  @Test
  void sizesHaveUnits() throws IOException {
    Invocation.of("inspect", model, "--vram", "8")
        .fails(ExitCode.USAGE, "'8' has no unit: write 8GiB, or 8B for bytes");
    assertThat(json("--vram", "8GB").at("/fit/vram_bytes").asLong()).isEqualTo(8_000_000_000L);
    assertThat(json("--vram", "8GiB").at("/fit/vram_bytes").asLong()).isEqualTo(8L << 30);
  }
}
