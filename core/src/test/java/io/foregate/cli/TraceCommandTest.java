package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.gate.ExpertPredictor;
import io.foregate.gate.LookaheadGates;
import io.foregate.gate.trace.ScoreSet;
import io.foregate.gate.trace.TraceFile;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.options.ModelOptions;
import io.foregate.quant.format.Quants;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceCommandTest {
  private static final int CONTEXT = 32;
  private static final float SCORE_ERROR = 1 / 510f + 1e-6f;

  @TempDir Path folder;
  private Path model;
  private Path first;
  private Path second;
  private Path out;

  @BeforeEach
  void write() throws IOException {
    model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
    first = Files.writeString(folder.resolve("a.txt"), "the heat at tea ".repeat(20));
    second = Files.writeString(folder.resolve("b.txt"), "the tea that he ate");
    out = folder.resolve("tiny.trace");
  }

  @Test
  void measuresTheImportanceThatQuantizeUses() throws IOException {
    Path tiny = TinyGguf.mixture().write(folder.resolve("im.gguf"));
    Path text = Files.writeString(folder.resolve("im.txt"), "the heat at tea ".repeat(8));
    Path matrix = folder.resolve("tiny.imatrix.gguf");
    String said =
        Invocation.of("trace", "-m", tiny, "--text", text, "--imatrix", matrix).succeeds().out();
    assertThat(said).contains("tiny.imatrix.gguf", "importance", "1 text");
    try (GgufFile file = GgufFile.open(matrix);
        GgufFile source = GgufFile.open(tiny)) {
      assertThat(file.metadata().string("general.type")).isEqualTo("imatrix");
      assertThat(file.metadata().strings("imatrix.datasets")).containsExactly("im.txt");
      GgufTensor up = source.tensor("blk.1.ffn_up_exps.weight");
      assertThat(file.tensor(up.name() + ".in_sum2").shape()).containsExactly(up.dim(0), up.dim(2));
      // Each token goes to two experts, and to the one query matrix.
      float[] experts = counts(file, up.name());
      float[] query = counts(file, "blk.1.attn_q.weight");
      assertThat(query).hasSize(1);
      float sum = 0;
      for (float count : experts) {
        sum += count;
      }
      assertThat(sum).isEqualTo(2 * query[0]).isPositive();
    }
    Path plain = folder.resolve("plain.gguf");
    Path weighted = folder.resolve("weighted.gguf");
    Invocation.of("quantize", "--experts", "q4_0", tiny, plain).succeeds();
    Invocation.of("quantize", "--experts", "q4_0", "--imatrix", matrix, tiny, weighted).succeeds();
    assertThat(Files.mismatch(plain, weighted)).isNotEqualTo(-1);
    Invocation.of("trace", "-m", tiny, "--text", text).fails(ExitCode.USAGE, "--imatrix");
  }

  private static float[] counts(GgufFile file, String tensor) {
    GgufTensor counts = file.tensor(tensor + ".counts");
    float[] values = new float[(int) counts.elements()];
    Quants.decode(counts.type(), file.data(counts), 0, values, 0, values.length);
    return values;
  }

  @Test
  void recordsWhatTheModelDoes() {
    Invocation invocation =
        Invocation.of(
            "trace",
            "-m",
            model,
            "--text",
            first,
            second,
            "-o",
            out,
            "-c",
            CONTEXT,
            "--horizon",
            1,
            "--tokens",
            50);
    assertThat(invocation.code()).isEqualTo(ExitCode.OK);
    assertThat(invocation.err()).contains("tiny.gates.safetensors is not there");
    assertThat(invocation.out()).contains("of 2 texts", "repeats any", "recall@2", "untrained");
    var options = ModelOptions.defaults().withContext(CONTEXT);
    try (TraceFile trace = TraceFile.open(out);
        Engine engine = Engine.open(model, options);
        Session session = engine.newSession()) {
      assertThat(trace.header().texts()).containsExactly("a.txt", "b.txt");
      assertThat(trace.header().setNames())
          .containsExactly(ScoreSet.UNTRAINED, ScoreSet.NEXT_ROUTER);
      assertSameRouting(trace, engine, session);
    }
  }

  /** Feeds the first chunk again, and compares every choice and every score. */
  private static void assertSameRouting(TraceFile trace, Engine engine, Session session) {
    ExpertPredictor predictor =
        LookaheadGates.untrained(engine.config(), engine.weights(), 1)
            .predictor(engine.config(), engine.weights());
    int[] token = new int[1];
    var input = new float[engine.config().embedding()];
    var expected = new float[engine.config().experts()];
    var found = new float[engine.config().experts()];
    session.onRouting(
        (layer, position, routing, inputs) -> {
          inputs.read(0, input);
          predictor.observe(layer, routing.ids(), 0, routing.used());
          predictor.predict(layer, input, expected);
          trace.scores(position, layer, 0, found);
          assertThat(found).containsExactly(expected, within(SCORE_ERROR));
          for (int rank = 0; rank < routing.used(); rank++) {
            assertThat(trace.expert(position, layer, rank)).isEqualTo(routing.ids()[rank]);
            assertThat(trace.weight(position, layer, rank))
                .isCloseTo(routing.weights()[rank], within(routing.weights()[rank] / 1024));
          }
        });
    for (int i = 0; i < CONTEXT; i++) {
      token[0] = trace.tokenId(i);
      assertThat(trace.startsText(i)).isEqualTo(i == 0);
      predictor.predictToken(token[0], expected);
      trace.scores(i, -1, 0, found);
      assertThat(found).containsExactly(expected, within(SCORE_ERROR));
      session.feed(token, 0, 1);
    }
    assertThat(trace.startsText(CONTEXT)).isTrue();
    assertThat(trace.tokenId(CONTEXT)).isEqualTo(engine.tokenizer().bos().orElseThrow());
  }

  @Test
  void generatesTheEndOfEachChunk() throws IOException {
    JsonNode json =
        new JsonMapper()
            .readTree(
                Invocation.of(
                        "trace",
                        "-m",
                        model,
                        "--text",
                        first,
                        "-o",
                        out,
                        "-c",
                        CONTEXT,
                        "--tokens",
                        40,
                        "--horizon",
                        1,
                        "--generate",
                        8,
                        "--json")
                    .out());
    assertThat(json.get("statistics").get("tokens").asInt()).isEqualTo(40);
    assertThat(json.get("recall").get("untrained")).hasSize(1);
    try (TraceFile trace = TraceFile.open(out)) {
      // 24 of a prompt and 8 of its continuation, then a chunk of 8 that needs one to begin with.
      for (int i = 0; i < 40; i++) {
        assertThat(trace.isPrompt(i)).as("token %d", i).isEqualTo(i < 24 || i == 32);
      }
    }
    Invocation.of(
            "simulate", "--trace", out, "--profile", "t4:q4", "--warmup", 0, "--policy", "lru")
        .succeeds();
  }

  @Test
  void whatMakesNoSense() {
    fails(
        ExitCode.FAILURE,
        "none.txt: no such file",
        "--text",
        folder.resolve("none.txt"),
        "--horizon",
        1);
    fails(ExitCode.USAGE, "--tokens is 0", "--text", first, "--tokens", 0);
    fails(ExitCode.USAGE, "horizon is 2", "--text", first, "--horizon", 2);
    fails(
        ExitCode.USAGE,
        "32 tokens are to be generated",
        "--text",
        first,
        "--horizon",
        1,
        "-c",
        32,
        "--generate",
        32);
    fails(
        ExitCode.FAILURE,
        "no such file",
        "--text",
        first,
        "--horizon",
        1,
        "--gates",
        "x.safetensors");
    Path dense = TinyGguf.dense().write(folder.resolve("dense.gguf"));
    Invocation.of("trace", "-m", dense, "--text", first, "-o", out)
        .fails(ExitCode.FAILURE, "dense.gguf", "dense model");
    assertThat(Files.exists(out)).isFalse();
  }

  private void fails(int code, String message, Object... options) {
    var words = new Object[options.length + 6];
    System.arraycopy(new Object[] {"trace", "-m", model, "-o", out, "--json"}, 0, words, 0, 6);
    System.arraycopy(options, 0, words, 6, options.length);
    Invocation invocation = Invocation.of(words);
    assertThat(invocation.code()).as(invocation.err()).isEqualTo(code);
    assertThat(invocation.err()).contains(message);
  }
}
