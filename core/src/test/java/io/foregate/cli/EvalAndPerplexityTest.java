package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.options.KvType;
import io.foregate.options.ModelOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvalAndPerplexityTest {
  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() {
    model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
  }

  @Test
  void evalPrintsTheSchemaThatEnginesShare() throws IOException {
    JsonNode json = eval("--tokens", "1,5,7", "--top", "16");
    assertThat(json.get("model").asText()).isEqualTo("tiny.gguf");
    assertThat(json.get("positions")).hasSize(3);
    assertThat(json.at("/positions/2/token").asInt()).isEqualTo(7);
    double last = 1;
    double sum = 0;
    for (JsonNode next : json.at("/positions/2/next")) {
      assertThat(next.get("p").asDouble()).isPositive().isLessThanOrEqualTo(last);
      last = next.get("p").asDouble();
      sum += last;
    }
    assertThat(json.at("/positions/2/next")).hasSize(16);
    assertThat(sum).isLessThanOrEqualTo(1 + 1e-9);
  }

  @Test
  void evalOfTheWholeVocabularySumsToOne() throws IOException {
    JsonNode next = eval("--tokens", "1", "--top", "1000").at("/positions/0/next");
    double sum = 0;
    for (JsonNode candidate : next) {
      sum += candidate.get("p").asDouble();
    }
    assertThat(sum).isCloseTo(1, within(1e-9));
  }

  @Test
  void decodeAgreesWithPrefill() throws IOException {
    JsonNode batch = eval("--tokens", "1,9,20,30", "--top", "4", "--kv-type", "f32");
    JsonNode single =
        eval("--tokens", "1,9,20,30", "--top", "4", "--kv-type", "f32", "--one-by-one");
    for (int i = 0; i < 4; i++) {
      JsonNode a = batch.get("positions").get(i).get("next").get(0);
      JsonNode b = single.get("positions").get(i).get("next").get(0);
      assertThat(a.get("id")).isEqualTo(b.get("id"));
      assertThat(a.get("p").asDouble()).isCloseTo(b.get("p").asDouble(), within(1e-4));
    }
  }

  @Test
  void evalOfNoSuchToken() {
    Invocation.of("eval", "-m", model, "--tokens", "1,99999")
        .fails(ExitCode.FAILURE, "99999", "vocabulary");
    Invocation.of("eval", "-m", model, "--tokens", "1,x").fails(ExitCode.USAGE, "'x'");
    Invocation.of("eval", "-m", model, "--tokens", "1", "--top", 0).fails(ExitCode.USAGE, "--top");
  }

  @Test
  void damagedWeightsGiveASentence() {
    Path poisoned = TinyGguf.mixture().withNaN().write(folder.resolve("nan.gguf"));
    Invocation.of("eval", "-m", poisoned, "--tokens", "1,2,3,4,5,6,7,8")
        .fails(ExitCode.FAILURE, "nan.gguf", "NaN");
  }

  @Test
  void perplexityFollowsLlamaPerplexity() throws IOException {
    Path text = Files.writeString(folder.resolve("text.txt"), "the heat at tea ".repeat(10));
    JsonNode json =
        new JsonMapper()
            .readTree(
                Invocation.of(
                        "perplexity",
                        "-m",
                        model,
                        "-f",
                        text,
                        "-c",
                        16,
                        "--kv-type",
                        "f32",
                        "--json")
                    .succeeds()
                    .out());
    double expected = slowPerplexity(Files.readString(text), 16);
    assertThat(json.get("perplexity").asDouble()).isCloseTo(expected, within(expected * 1e-4));
    assertThat(json.get("scored_tokens").asInt()).isEqualTo(json.get("chunks").asInt() * 7);
    assertThat(json.get("error").asDouble()).isPositive();
  }

  @Test
  void perplexityPrintsRunningAndFinalFigures() throws IOException {
    Path text = Files.writeString(folder.resolve("text.txt"), "the heat at tea ".repeat(10));
    String out =
        Invocation.of("perplexity", "-m", model, "-f", text, "-c", 16, "--chunks", 2)
            .succeeds()
            .out();
    assertThat(out.lines())
        .satisfiesExactly(
            running -> assertThat(running).matches("\\[1]\\d+\\.\\d{4},\\[2]\\d+\\.\\d{4},"),
            last ->
                assertThat(last)
                    .matches("Final estimate: PPL = \\d+\\.\\d{4} \\+/- \\d+\\.\\d{5}"));
  }

  @Test
  void divergenceIsZeroFromItself() throws IOException {
    JsonNode base = divergence(model).get("base");
    assertThat(base.get("kl_divergence").asDouble()).isCloseTo(0, within(1e-9));
    assertThat(base.get("same_top_token").asDouble()).isEqualTo(1);
    assertThat(base.get("perplexity_ratio").asDouble()).isEqualTo(1);
  }

  @Test
  void divergenceFollowsItsDefinition() throws IOException {
    Path small = folder.resolve("small.gguf");
    Invocation.of("quantize", "--experts", "q4_0", "--attention", "q4_0", model, small).succeeds();
    JsonNode json = divergence(small);
    JsonNode base = json.get("base");
    double expected = slowDivergence(small);
    assertThat(expected).isGreaterThan(1e-5);
    assertThat(base.get("kl_divergence").asDouble()).isCloseTo(expected, within(expected * 1e-3));
    assertThat(base.get("kl_divergence_median").asDouble())
        .isBetween(0.0, base.get("kl_divergence_p99").asDouble());
    assertThat(base.get("kl_divergence_p99").asDouble())
        .isLessThanOrEqualTo(base.get("kl_divergence_greatest").asDouble());
    assertThat(json.get("perplexity").asDouble() / base.get("perplexity").asDouble())
        .isEqualTo(base.get("perplexity_ratio").asDouble());
    Path text = folder.resolve("text.txt");
    assertThat(
            Invocation.of("perplexity", "-m", small, "-f", text, "-c", 16, "--kl-divergence", model)
                .succeeds()
                .out())
        .contains("KL divergence: mean ", "Same top token: ", "Base: PPL");
  }

  private JsonNode divergence(Path other) throws IOException {
    Path text = Files.writeString(folder.resolve("text.txt"), "the heat at tea ".repeat(10));
    Invocation done =
        Invocation.of(
            "perplexity",
            "-m",
            other,
            "-f",
            text,
            "-c",
            16,
            "--kv-type",
            "f32",
            "--json",
            "--kl-divergence",
            model);
    return new JsonMapper().readTree(done.succeeds().out());
  }

  /** The definition, over the positions that perplexity scores. */
  private double slowDivergence(Path other) throws IOException {
    var options = ModelOptions.defaults().withContext(16).withKvType(KvType.F32);
    String text = Files.readString(folder.resolve("text.txt"));
    double sum = 0;
    int count = 0;
    try (Engine base = Engine.open(model, options);
        Engine quantized = Engine.open(other, options)) {
      int[] tokens = base.tokenizer().encode(text, true, false);
      for (int start = 0; start + 16 <= tokens.length; start += 16) {
        int[] chunk = Arrays.copyOfRange(tokens, start, start + 16);
        chunk[0] = base.tokenizer().bos().orElseThrow();
        try (Session a = base.newSession();
            Session b = quantized.newSession()) {
          for (int i = 0; i < 15; i++) {
            a.feed(chunk, i, i + 1);
            b.feed(chunk, i, i + 1);
            for (int t = 0; i >= 8 && t < base.config().vocabulary(); t++) {
              double p = probability(a.logits(), t);
              sum += p * Math.log(p / probability(b.logits(), t));
            }
            count += i >= 8 ? 1 : 0;
          }
        }
      }
    }
    return sum / count;
  }

  @Test
  void textsThatAreNoUse() throws IOException {
    Path text = Files.writeString(folder.resolve("short.txt"), "the");
    Invocation.of("perplexity", "-m", model, "-f", text, "-c", 16)
        .fails(ExitCode.FAILURE, "short.txt", "tokens", "at least 32");
    for (int chunks : new int[] {-4, 0}) {
      Invocation.of("perplexity", "-m", model, "-f", text, "--chunks", chunks)
          .fails(ExitCode.USAGE, "--chunks is " + chunks, "-1");
    }
    Path binary = Files.write(folder.resolve("binary.txt"), new byte[] {(byte) 0xC3, 0x28});
    Invocation.of("perplexity", "-m", model, "-f", binary).fails(ExitCode.FAILURE, "not UTF-8");
  }

  /** The definition, one token at a time: chunks, BOS first, the second half scored. */
  private double slowPerplexity(String text, int length) {
    var options = ModelOptions.defaults().withContext(length).withKvType(KvType.F32);
    double sum = 0;
    int count = 0;
    try (Engine engine = Engine.open(model, options)) {
      int[] tokens = engine.tokenizer().encode(text, true, false);
      for (int start = 0; start + length <= tokens.length; start += length) {
        int[] chunk = Arrays.copyOfRange(tokens, start, start + length);
        chunk[0] = engine.tokenizer().bos().orElseThrow();
        try (Session session = engine.newSession()) {
          for (int i = 0; i < length - 1; i++) {
            session.feed(chunk, i, i + 1);
            if (i >= length / 2) {
              sum -= Math.log(probability(session.logits(), chunk[i + 1]));
              count++;
            }
          }
        }
      }
    }
    return Math.exp(sum / count);
  }

  private static double probability(float[] logits, int token) {
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit);
    }
    return Math.exp(logits[token]) / sum;
  }

  private JsonNode eval(Object... args) throws IOException {
    var all = new Object[args.length + 4];
    System.arraycopy(args, 0, all, 4, args.length);
    all[0] = "eval";
    all[1] = "-m";
    all[2] = model;
    all[3] = "--json";
    return new JsonMapper().readTree(Invocation.of(all).succeeds().out());
  }
}
