package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.gate.trace.RandomTraces;
import io.foregate.gate.trace.TraceHeader;
import io.foregate.gate.trace.TraceRecords;
import io.foregate.gate.trace.TraceWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimulateCommandTest {
  private static final String TIMES =
      """
      {"name": "mine", "title": "My machine", "origin": "measured", "layers": 0, "expert_slots": 0,
       "expert_bytes": 1000000, "link_gbps": 10, "link_latency_micros": 3, "copy_streams": 1,
       "attention_micros": 50, "gates_micros": 1, "expert_micros": 20, "host_expert_micros": 60,
       "head_micros": 20, "compute_while_copying": 1, "notes": []}
      """;

  @TempDir Path folder;
  private Path trace;
  private Path profile;

  @BeforeEach
  void writeTrace() throws IOException {
    trace = folder.resolve("t.trace");
    profile = Files.writeString(folder.resolve("mine.json"), TIMES);
    write(trace, RandomTraces.of(8, 2, RandomTraces.choices(120, 4, 8, 2, 1)));
  }

  private static void write(Path file, TraceRecords records) {
    try (var writer = new TraceWriter(file, records.header())) {
      writer.append(records);
      writer.finish();
    }
  }

  @Test
  void printsATablePerCell() {
    String text =
        Invocation.of(
                "simulate",
                "--trace",
                trace,
                "--profile",
                profile,
                "--expert-slots",
                "25%,50%",
                "--warmup",
                20)
            .succeeds()
            .out();
    assertThat(text)
        .contains("mine: My machine")
        .contains("measured; 8 of 32 experts (25 %), link 10.0 GB/s")
        .contains("measured; 16 of 32 experts (50 %)")
        .containsPattern("lru +[0-9.]+ +\\+0\\.0 %")
        .containsPattern("mixtral-offloading \\([1-4]\\) ")
        .containsPattern("lookahead +[0-9.]+ +\\+")
        .contains("oracle", "hybrid", "resident", "on-demand", "lru-as-published");
  }

  @Test
  void stretchedAndModelledResultsSaySo() throws IOException {
    String text =
        Invocation.of("simulate", "--trace", trace, "--profile", "t4:q2", "--warmup", 5)
            .succeeds()
            .out();
    assertThat(text)
        .contains("t4:q2: NVIDIA T4, Mixtral 8x7B with Q2_K experts")
        .contains("modelled, a trace of 4 layers stretched to 32;");
  }

  @Test
  void jsonHasEveryCellAndWhatItRestsOn() throws IOException {
    JsonNode json =
        json(
            "simulate",
            "--trace",
            trace,
            "--profile",
            profile + ",rtx-3090:q4",
            "--policy",
            "lru,lookahead",
            "--expert-slots",
            "50%",
            "--link-gbps",
            "5,20",
            "--warmup",
            5,
            "--json");
    assertThat(json.get("measurement").asText()).isEqualTo("simulation");
    assertThat(json.get("results")).hasSize(2 * 2 * 2);
    assertThat(json.get("profiles")).hasSize(2);
    assertThat(json.get("trace").get("model_hash").asText()).isEqualTo(RandomTraces.MODEL.hex());
    for (JsonNode result : json.get("results")) {
      double sum =
          result.get("hit").asDouble()
              + result.get("late").asDouble()
              + result.get("miss").asDouble();
      assertThat(sum).isBetween(1 - 1e-9, 1 + 1e-9);
      assertThat(result.get("slots").asInt() * 2).isEqualTo(result.get("experts").asInt());
      assertThat(result.get("tokens_per_second").asDouble()).isPositive();
    }
  }

  @Test
  void theSameTwice() throws IOException {
    Object[] words = {
      "simulate",
      "--trace",
      trace,
      "--profile",
      profile,
      "--expert-slots",
      12,
      "--warmup",
      9,
      "--json"
    };
    assertThat(json(words).get("results")).isEqualTo(json(words).get("results"));
  }

  @Test
  void writesAFolder() throws IOException {
    Path out = folder.resolve("a/b");
    Invocation.of(
            "simulate",
            "--trace",
            trace,
            "--profile",
            profile,
            "--expert-slots",
            16,
            "--link-gbps",
            "5,10,20",
            "--warmup",
            9,
            "--out",
            out)
        .succeeds();
    assertThat(out.toFile().list())
        .containsExactlyInAnyOrder("simulation.json", "README.md", "gain.svg", "link-mine-16.svg");
    assertThat(Files.readString(out.resolve("gain.svg"))).contains("<svg", "lookahead", "measured");
    assertThat(Files.readString(out.resolve("link-mine-16.svg"))).contains("bound");
  }

  @Test
  void policiesNeedTheirScores() {
    Path bare = folder.resolve("bare.trace");
    var header = new TraceHeader(RandomTraces.MODEL, "bare", 2, 4, 1, List.of(), List.of("a"));
    var records = new TraceRecords(header, 40);
    for (int t = 0; t < 40; t++) {
      records.add(t, false, t == 0, 0);
      records.choice(t, 0, 0, t % 3, 1);
      records.choice(t, 1, 0, t % 2, 1);
    }
    write(bare, records);
    String text =
        Invocation.of(
                "simulate",
                "--trace",
                bare,
                "--profile",
                profile,
                "--expert-slots",
                6,
                "--warmup",
                4)
            .succeeds()
            .out();
    assertThat(text).contains("oracle", "lru").doesNotContain("lookahead");
    Invocation.of(
            "simulate",
            "--trace",
            bare,
            "--profile",
            profile,
            "--expert-slots",
            6,
            "--warmup",
            4,
            "--policy",
            "lookahead")
        .fails(ExitCode.FAILURE, "no gate scores named 'lookahead'", "foregate trace");
  }

  @Test
  void hybridNeedsToKnowTheCpu() throws IOException {
    Path deviceOnly = folder.resolve("device.json");
    Files.writeString(
        deviceOnly, TIMES.replace("\"host_expert_micros\": 60", "\"host_expert_micros\": 0"));
    Object[] words = {
      "simulate", "--trace", trace, "--profile", deviceOnly, "--expert-slots", 8, "--warmup", 20
    };
    assertThat(Invocation.of(words).succeeds().out()).contains("oracle").doesNotContain("hybrid");
    Object[] hybrid = Arrays.copyOf(words, words.length + 2);
    hybrid[words.length] = "--policy";
    hybrid[words.length + 1] = "hybrid";
    Invocation.of(hybrid).fails(ExitCode.FAILURE, "hybrid", "mine", "host_expert_micros");
  }

  @Test
  void whatMakesNoSense() throws IOException {
    fails(ExitCode.USAGE, "does not say how many experts fit", "--profile", profile);
    fails(ExitCode.FAILURE, "neither a profile nor a file", "--profile", "voodoo");
    fails(ExitCode.USAGE, "no policy 'best'", "--profile", "t4", "--policy", "best");
    fails(ExitCode.USAGE, "--link-gbps is -1", "--profile", "t4", "--link-gbps", "-1");
    fails(ExitCode.USAGE, "'much'", "--profile", "t4", "--expert-slots", "much");
    fails(
        ExitCode.FAILURE, "3 slots", "--profile", profile, "--expert-slots", "3", "--warmup", "5");
    fails(ExitCode.FAILURE, "the warm-up takes 500", "--profile", "t4:q4", "--warmup", "500");
    Path text = Files.writeString(folder.resolve("x.trace"), "nothing of the kind");
    Invocation.of("simulate", "--trace", text, "--profile", "t4")
        .fails(ExitCode.FAILURE, "x.trace", "is not a routing trace but a text file");
  }

  private void fails(int code, String message, Object... options) {
    var words = new Object[options.length + 3];
    words[0] = "simulate";
    words[1] = "--trace";
    words[2] = trace;
    System.arraycopy(options, 0, words, 3, options.length);
    Invocation.of(words).fails(code, message);
  }

  private static JsonNode json(Object... words) throws IOException {
    return new JsonMapper().readTree(Invocation.of(words).succeeds().out());
  }
}
