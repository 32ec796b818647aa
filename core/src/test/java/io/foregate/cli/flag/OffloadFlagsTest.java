package io.foregate.cli.flag;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.cli.Invocation;
import io.foregate.cli.TinyGguf;
import io.foregate.cli.terminal.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Options that say where experts are kept, from the command line to what is computed. */
class OffloadFlagsTest {
  @TempDir Path folder;
  private Path model;

  @BeforeEach
  void writeModel() {
    model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
  }

  private Invocation run(Object... more) {
    Object[] all = new Object[8 + more.length];
    System.arraycopy(
        new Object[] {"run", "-m", model, "-p", "the", "-n", 12, "--temp=0"}, 0, all, 0, 7);
    all[7] = "--threads=2";
    System.arraycopy(more, 0, all, 8, more.length);
    return Invocation.of(all);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "on-demand",
        "lru",
        "lru-as-published",
        "mixtral-offloading",
        "lookahead",
        "hybrid"
      })
  void everyPolicyWritesTheSameText(String policy) {
    String expected = run().succeeds().out();
    assertThat(run("--policy", policy, "--expert-slots", "6").out()).isEqualTo(expected);
  }

  /** With a trace of the very tokens that are then generated, hardly an expert is missed. */
  @Test
  void theOracleReadsATrace() throws IOException {
    model = Path.of("../models/foregate-demo.gguf");
    String expected = run().succeeds().out();
    Path text = Files.writeString(folder.resolve("text.txt"), expected.strip());
    Path trace = folder.resolve("text.trace");
    Invocation.of("trace", "-m", model, "--text", text, "-o", trace).succeeds();
    Object[] oracle = {"--policy=oracle", "--expert-slots=25%", "--oracle-trace", trace};
    assertThat(run(oracle).succeeds().out()).isEqualTo(expected);
    assertThat(misses(oracle)).isLessThan(misses("--policy=lru", "--expert-slots=25%") / 2);
  }

  private long misses(Object... policy) throws IOException {
    Object[] all = Arrays.copyOf(policy, policy.length + 1);
    all[policy.length] = "--json";
    return new JsonMapper().readTree(run(all).out()).at("/stats/experts/misses").asLong();
  }

  @Test
  void statisticsTellHowExpertsCame() throws IOException {
    Invocation text = run("--policy", "LRU", "--expert-slots", "75%", "--stats");
    assertThat(text.err()).contains("experts", "hit", "missed", "stalled", "copies", "hidden");
    Invocation json = run("--policy", "lru", "--expert-slots", "75%", "--json");
    JsonNode experts = new JsonMapper().readTree(json.out()).at("/stats/experts");
    long due =
        experts.get("hits").asLong()
            + experts.get("lates").asLong()
            + experts.get("misses").asLong();
    assertThat(due).isPositive();
    assertThat(experts.get("copied_bytes").asLong()).isPositive();
    JsonNode resident = new JsonMapper().readTree(run("--json").succeeds().out());
    assertThat(resident.at("/stats/experts").isNull()).isTrue();
  }

  @Test
  void aTimelineIsWritten() throws IOException {
    Path timeline = folder.resolve("timeline.json");
    run("--policy", "lru", "--expert-slots", "6", "--timeline", timeline);
    JsonNode events = new JsonMapper().readTree(Files.readString(timeline)).get("traceEvents");
    assertThat(events).isNotEmpty();
  }

  @Test
  void aStoreInAFileIsBuiltOnceAndFound() {
    Path store = folder.resolve("store");
    assertThat(store.toFile().mkdir()).isTrue();
    String expected = run().succeeds().out();
    for (int i = 0; i < 2; i++) {
      assertThat(
              run("--policy", "lru", "--expert-slots=6", "--store=file", "--store-folder", store)
                  .out())
          .isEqualTo(expected);
      assertThat(store.toFile().list()).hasSize(1);
    }
  }

  @Test
  void nonsenseIsBadUsage() {
    run("--policy=lru", "--expert-slots", "many").fails(ExitCode.USAGE, "many", "25%");
    run("--link-gbps=-1").fails(ExitCode.USAGE, "-1", "0 or more");
    run("--policy=lru", "--store", "cloud").fails(ExitCode.USAGE, "cloud", "ram");
    run("--policy", "magic").fails(ExitCode.USAGE, "magic", "lookahead");
  }

  /** A warning is a message of the command's own, and no part of the text. */
  @Test
  void warningsAreMessages() {
    String expected = run().succeeds().out();
    Invocation untrained = run("--policy", "lookahead", "--expert-slots", "6");
    assertThat(untrained.err().lines().toList())
        .singleElement()
        .asString()
        .startsWith("foregate: " + model + " has no trained gates")
        .contains("foregate align");
    assertThat(untrained.out()).isEqualTo(expected);
    Invocation locked = run("--policy=lru", "--store=file", "--lock", "--expert-slots=6");
    assertThat(locked.err()).startsWith("foregate: The experts are in a file");
  }

  @Test
  void gatesAndTracesOfAnotherModelAreRefused() throws IOException {
    Path gates = Path.of("../models/foregate-demo.gates.safetensors");
    run("--policy", "lookahead", "--gates", gates)
        .fails(ExitCode.FAILURE, gates.toString(), "foregate-demo", "tiny", "foregate align");
    Path demo = Path.of("../models/foregate-demo.gguf");
    Path text = Files.writeString(folder.resolve("text.txt"), "the king");
    Path trace = folder.resolve("demo.trace");
    Invocation.of("trace", "-m", demo, "--text", text, "-o", trace).succeeds();
    run("--policy", "oracle", "--oracle-trace", trace)
        .fails(ExitCode.FAILURE, "demo.trace", "expected 'tiny'", "foregate trace");
  }

  @Test
  void whatCannotBeDoneIsSaid() {
    run("--timeline", folder.resolve("t.json")).fails(ExitCode.FAILURE, "t.json", "lookahead");
    run("--policy", "lookahead", "--expert-slots", "1")
        .fails(ExitCode.FAILURE, "1 slot of device memory holds 1", "--expert-slots 2");
    run("--policy", "oracle").fails(ExitCode.FAILURE, "oracle", "--oracle-trace");
    run("--policy", "lookahead", "--gates", folder.resolve("none.safetensors"))
        .fails(ExitCode.FAILURE, "none.safetensors");
  }
}
