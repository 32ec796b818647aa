package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.backend.cpu.CpuBackend;
import io.foregate.cli.terminal.Cancellation;
import io.foregate.cli.terminal.ExitCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {
  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() {
    model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
  }

  @Test
  void markdownHasLlamaBenchsColumns() {
    List<String> lines = bench("-p", 8, "-n", "2,4", "-pg", "4,2").lines().toList();
    assertThat(lines.getFirst())
        .matches(
            "\\| model +\\| +size \\| +params \\| backend +\\| threads \\| +test \\| +t/s \\|");
    assertThat(lines.get(1)).matches("\\|( -+:? \\|){7}");
    assertThat(lines.stream().skip(2).map(line -> line.split("\\|", -1)[6].strip()))
        .containsExactly("pp8", "tg2", "tg4", "pp4+tg2");
    assertThat(lines.getLast()).containsPattern("\\d+\\.\\d\\d ± \\d+\\.\\d\\d \\|$");
    assertThat(lines.getLast()).contains("| cpu: " + new CpuBackend().description());
  }

  @Test
  void listsAreTimedAsSimulateTakesThem() throws IOException {
    String out =
        bench(
            "-p",
            2,
            "-n",
            0,
            "-o",
            "json",
            "--policy",
            "resident,lru",
            "--kv-type",
            "f16,f32",
            "--expert-slots",
            "6,75%",
            "--link-gbps",
            "0,5",
            "--backend",
            "cpu,auto");
    List<String> setups = new ArrayList<>();
    new JsonMapper()
        .readTree(out)
        .forEach(
            r ->
                setups.add(
                    r.get("policy").asText()
                        + r.get("expert_slots").asText()
                        + r.get("link_gbps").asInt()
                        + r.get("type_k").asText()));
    List<String> each = new ArrayList<>();
    for (String type : List.of("f16", "f32")) {
      each.add("resident50%0" + type);
      for (String slots : List.of("6", "75%")) {
        each.add("lru" + slots + "0" + type);
        each.add("lru" + slots + "5" + type);
      }
    }
    each.addAll(List.copyOf(each));
    each.replaceAll(setup -> setup.replace("resident50%", "resident6"));
    assertThat(setups).containsExactlyElementsOf(each);
    assertThat(new JsonMapper().readTree(out).at("/0/devices").asText())
        .isEqualTo(new CpuBackend().description());
  }

  @Test
  void listsAreForBench() {
    Invocation.of("run", "-m", model, "-p", "a", "--policy=lru", "--expert-slots=25%,50%")
        .fails(ExitCode.USAGE, "--expert-slots takes one value here, found 2", "bench");
  }

  @Test
  void jsonHasEverySample() throws IOException {
    JsonNode json = new JsonMapper().readTree(bench("-p", 8, "-n", 0, "-t", "1,2", "-o", "json"));
    assertThat(json).hasSize(2);
    assertThat(json.at("/0/n_threads").asInt()).isEqualTo(1);
    assertThat(json.at("/1/n_threads").asInt()).isEqualTo(2);
    assertThat(json.at("/0/n_prompt").asInt()).isEqualTo(8);
    JsonNode samples = json.at("/0/samples_ns");
    assertThat(samples).hasSize(2);
    long sum = samples.get(0).asLong() + samples.get(1).asLong();
    assertThat(json.at("/0/avg_ns").asLong()).isCloseTo(sum / 2, within(1L));
    assertThat(json.at("/0/samples_ts/0").asDouble()).isEqualTo(8e9 / samples.get(0).asLong());
  }

  @Test
  void csvAndJsonLines() throws IOException {
    List<String> csv = bench("-p", 4, "-n", 2, "-o", "csv").lines().toList();
    assertThat(csv).hasSize(3);
    assertThat(csv.getFirst()).contains("model_filename,", ",n_prompt,n_gen,", ",avg_ts,stddev_ts");
    List<String> lines = bench("-p", 4, "-n", 2, "-o", "jsonl").lines().toList();
    assertThat(lines).hasSize(2);
    assertThat(new JsonMapper().readTree(lines.get(1)).get("n_gen").asInt()).isEqualTo(2);
  }

  @Test
  void nothingToTime() {
    Invocation.of("bench", "-m", model, "-p", 0, "-n", 0).fails(ExitCode.USAGE, "nothing to time");
    Invocation.of("bench", "-m", model, "-pg", "512").fails(ExitCode.USAGE, "-pg", "512,128");
    Invocation.of("bench", "-m", model, "-r", 0).fails(ExitCode.USAGE, "-r");
    Invocation.of("bench", "-m", model, "-p", "-3").fails(ExitCode.USAGE, "-3");
    Invocation.of("bench", "-m", model, "-t", "1,-3")
        .fails(ExitCode.USAGE, "--threads is -3, expected");
    Invocation.of("bench", "-m", model, "--warmup-seconds", "-1")
        .fails(ExitCode.USAGE, "--warmup-seconds is -1");
  }

  @Test
  void policiesAreNamedAsInRun() throws IOException {
    JsonNode json =
        new JsonMapper()
            .readTree(bench("-p", 4, "-n", 0, "--policy", "Resident,RESIDENT", "-o", "json"));
    assertThat(json).extracting(result -> result.get("policy").asText()).hasSize(2);
    assertThat(json.at("/0/policy").asText()).isEqualTo("resident");
    Invocation.of("bench", "-m", model, "--policy", "resident,magic")
        .fails(ExitCode.USAGE, "no policy 'magic'", "resident");
  }

  @Test
  void severalPoliciesAreToldApart() {
    List<String> lines =
        bench("-p", 4, "-n", 0, "--policy", "resident,lru", "--expert-slots", 6).lines().toList();
    assertThat(lines.getFirst()).contains("| policy ");
    assertThat(lines.get(2)).contains("| resident ");
    assertThat(lines.get(3)).contains("| lru ");
  }

  @Test
  void printsNothingBeforeEveryModelOpens() {
    Path missing = folder.resolve("missing.gguf");
    Invocation only = Invocation.of("bench", "-m", missing, "-p", 4, "-n", 0);
    only.fails(ExitCode.FAILURE, "missing.gguf", "no such file");
    assertThat(only.out()).isEmpty();
    for (String format : List.of("md", "csv", "json", "jsonl")) {
      Invocation bench =
          Invocation.of("bench", "-m", model + "," + missing, "-p", 4, "-n", 0, "-o", format);
      bench.fails(ExitCode.FAILURE, "missing.gguf", "no such file");
      assertThat(bench.out()).isEmpty();
    }
  }

  @Test
  void interruptedJsonIsComplete() throws IOException {
    var cancellation = new Cancellation();
    var out =
        new ByteArrayOutputStream() {
          @Override
          public synchronized void write(byte[] bytes, int offset, int length) {
            super.write(bytes, offset, length);
            cancellation.request();
          }
        };
    Invocation bench =
        Invocation.into(out, cancellation, "bench", "-m", model, "-p", 4, "-n", 2, "--json");
    assertThat(bench.code()).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(new JsonMapper().readTree(out.toByteArray()).isArray()).isTrue();
  }

  private String bench(Object... args) {
    var all = new Object[args.length + 7];
    List<Object> fixed = List.of("bench", "-m", model, "-r", 2, "--warmup-seconds", 0);
    System.arraycopy(fixed.toArray(), 0, all, 0, 7);
    System.arraycopy(args, 0, all, 7, args.length);
    return Invocation.of(all).succeeds().out();
  }
}
