package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.gguf.GgufValue;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a model's file says of sampling is done, and every command shows it. */
class SamplingCommandTest {
  @TempDir private Path folder;
  private Path plain;
  private Path greedy;

  @BeforeEach
  void writeModels() {
    plain = TinyGguf.mixture().write(folder.resolve("plain.gguf"));
    greedy =
        TinyGguf.withMetadata(
            plain,
            folder.resolve("greedy.gguf"),
            new TreeMap<>(
                Map.of(
                    "general.sampling.temp", new GgufValue.F32(0),
                    "general.sampling.top_k", new GgufValue.I32(20),
                    "general.sampling.mirostat", new GgufValue.I32(2))));
  }

  private Invocation run(Path model, Object... more) {
    Object[] args = {"run", "-m", model, "-p", "the", "-n", 12, "--seed", 5, "--stats"};
    Object[] all = new Object[args.length + more.length];
    System.arraycopy(args, 0, all, 0, args.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    return Invocation.of(all);
  }

  @Test
  void aFilesValueIsTheDefaultAndAnOptionWins() {
    String best = run(plain, "--temp", 0).out();
    String drawn = run(plain).out();
    assertThat(drawn).isNotEqualTo(best).startsWith("the");
    assertThat(run(greedy).out()).isEqualTo(best);
    String hot = run(greedy, "--temp", 0.8, "--top-k", 40).out();
    assertThat(hot).isEqualTo(drawn);
  }

  @Test
  void statsSayWhatWasInForceAndWhence() throws IOException {
    assertThat(run(plain).err())
        .containsPattern(
            "sampling +temp 0.8 \\(default\\), top-k 40 \\(default\\), top-p 0.95 \\(default\\),"
                + " min-p 0.05 \\(default\\), seed 5\n");
    assertThat(run(greedy).err()).containsPattern("sampling +temp 0.0 \\(file\\)\n");
    assertThat(run(greedy, "--temp", 0.5, "--repeat-penalty", 2).err())
        .containsPattern("sampling +temp 0.5, top-k 20 \\(file\\), .*repeat-penalty 2.0, ");
    String json = run(greedy, "--top-p", 0.5, "--json").out();
    JsonNode sampling = new JsonMapper().readTree(json).at("/stats/sampling");
    assertThat(sampling.toString())
        .isEqualTo(
            "{\"temperature\":0.0,\"top_k\":20,\"top_p\":0.5,\"min_p\":0.05,"
                + "\"repeat_penalty\":1.0,\"repeat_last_n\":64,\"seed\":5,"
                + "\"from_file\":[\"temperature\",\"top_k\"]}");
  }

  @Test
  void chatShowsItToo() {
    Invocation chat =
        Invocation.typing(
            "/set\n/set temp\n/set temp 0.5\n/stats\n", "chat", "-m", greedy, "--min-p", 0.5);
    assertThat(chat.err())
        .containsPattern("temp +0.0 \\(file\\)\n")
        .containsPattern("top-k +20 \\(file\\)\n")
        .containsPattern("top-p +0.95 \\(default\\)\n")
        .containsPattern("min-p +0.5\n")
        .contains("temp is 0.0 (file).", "temp is 0.5.")
        .containsPattern("sampling +temp 0.5, top-k 20 \\(file\\)");
    Invocation piped =
        Invocation.withInput("hat\n", "chat", "-m", greedy, "-n", 2, "--stats", "--json");
    assertThat(piped.out()).contains("\"sampling\":{\"temperature\":0.0,");
    assertThat(piped.err()).containsPattern("sampling +temp 0.0 \\(file\\)\n");
  }

  @Test
  void inspectShowsWhatTheFileSays() throws IOException {
    assertThat(Invocation.of("inspect", greedy).succeeds().out())
        .containsPattern("sampling +temp 0.0, top_k 20; without effect here: mirostat 2\n");
    assertThat(Invocation.of("inspect", plain).succeeds().out()).doesNotContain("sampling");
    String json = Invocation.of("inspect", greedy, "--json").succeeds().out();
    assertThat(new JsonMapper().readTree(json).at("/facts/sampling").toString())
        .isEqualTo("{\"mirostat\":2,\"temp\":0.0,\"top_k\":20}");
  }
}
