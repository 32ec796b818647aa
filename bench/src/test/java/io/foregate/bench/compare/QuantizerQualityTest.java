package io.foregate.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.evaluate.Divergence;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.GgufWriter;
import io.foregate.options.ModelOptions;
import io.foregate.quant.encode.WeightQuantizer;
import io.foregate.quant.encode.WeightQuantizer.Method;
import io.foregate.quant.format.Quants;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The demo model with its experts as llama.cpp's own quantizer rounds them, and as Foregate does,
 * in the same type and with the same rest, on held-out text: perplexity and divergence from the
 * model that both began with. Needs llama.cpp (scripts/oracle/install).
 */
class QuantizerQualityTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path LLAMA =
      ROOT.resolve("scripts/oracle/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64");
  private static final Path MODEL = ROOT.resolve("models/foregate-demo.gguf");
  private static final Path TEXTS = ROOT.resolve("models/foregate-demo-heldout");
  private static final int CHUNK = 256;
  private static final int CHUNKS = 12;

  @TempDir private Path folder;

  /** What a model makes of the text. */
  private record Quality(double perplexity, double divergence) {}

  @BeforeAll
  static void requireLlama() {
    assumeTrue(Files.isDirectory(LLAMA), "llama.cpp is not installed (scripts/oracle/install)");
    assumeTrue(Files.isRegularFile(MODEL), "the demo model is missing");
  }

  @ParameterizedTest
  @CsvSource({"Q4_K, 14", "Q3_K, 11", "Q2_K, 10"})
  void isNotWorseThanLlamaCpp(GgmlType type, int fileType) throws IOException {
    int threads = Runtime.getRuntime().availableProcessors();
    Path theirs = folder.resolve("theirs.gguf");
    Path all = folder.resolve("all.gguf");
    new LlamaQuantizer(LLAMA).quantize(MODEL, all, fileType, threads);
    try (GgufFile source = GgufFile.open(MODEL);
        GgufFile quantized = GgufFile.open(all)) {
      assertThat(quantized.tensor("blk.0.ffn_up_exps.weight").type()).isEqualTo(type);
      graft(source, type, theirs, tensor -> quantized.data(quantized.tensor(tensor.name())));
      Quality reference = quality(theirs);
      for (Method method : new Method[] {Method.SEARCH, Method.HQQ}) {
        Path ours = folder.resolve(method + ".gguf");
        graft(source, type, ours, tensor -> rounded(source, tensor, type, method));
        Quality own = quality(ours);
        System.out.printf(
            Locale.ROOT,
            "%s: llama.cpp perplexity %.4f, divergence %.5f; %s %.4f, %.5f%n",
            type,
            reference.perplexity(),
            reference.divergence(),
            method,
            own.perplexity(),
            own.divergence());
        if (method == Method.SEARCH) {
          assertThat(own.divergence()).isLessThanOrEqualTo(reference.divergence());
          assertThat(own.perplexity()).isLessThanOrEqualTo(reference.perplexity());
          assertThat(firstToken(ours)).isEqualTo(llamaFirstToken(ours));
        }
      }
    }
  }

  /** The bytes of an expert tensor in the new type. */
  @FunctionalInterface
  private interface Rounding {
    MemorySegment of(GgufTensor tensor);
  }

  /** The source with other bytes for its experts. */
  private static void graft(GgufFile source, GgmlType type, Path target, Rounding rounding) {
    try (GgufWriter writer = GgufWriter.to(target)) {
      writer.metadata(source.metadata());
      for (GgufTensor tensor : source.tensors()) {
        if (tensor.name().endsWith("_exps.weight")) {
          writer.tensor(tensor.name(), type, tensor.shape(), rounding.of(tensor));
        } else {
          writer.tensor(tensor.name(), tensor.type(), tensor.shape(), source.data(tensor));
        }
      }
      writer.write();
    }
  }

  private static MemorySegment rounded(
      GgufFile file, GgufTensor tensor, GgmlType type, Method method) {
    float[] weights = new float[Math.toIntExact(tensor.elements())];
    Quants.decode(tensor.type(), file.data(tensor), 0, weights, 0, weights.length);
    byte[] bytes = new byte[Math.toIntExact(type.byteSize(weights.length))];
    var target = MemorySegment.ofArray(bytes);
    new WeightQuantizer(type, method).quantize(weights, 0, null, 0, target, 0, weights.length);
    return target;
  }

  private static Quality quality(Path quantized) throws IOException {
    ModelOptions options = ModelOptions.defaults().withContext(CHUNK).withBackend("cpu");
    var divergence = new Divergence();
    double[] sum = new double[1];
    try (Engine base = Engine.open(MODEL, options);
        Engine model = Engine.open(quantized, options);
        Session right = base.newSession();
        Session left = model.newSession()) {
      int vocabulary = base.config().vocabulary();
      var expected = new float[CHUNK * vocabulary];
      for (int i = 0; i < 2 * CHUNKS; i++) {
        String text = Files.readString(TEXTS.resolve(i < CHUNKS ? "novels.txt" : "manuals.txt"));
        int[] tokens = base.tokenizer().encode(text, true, false);
        int from = i % CHUNKS * CHUNK;
        int[] chunk = Arrays.copyOfRange(tokens, from, from + CHUNK);
        right.truncate(0);
        left.truncate(0);
        right.feedAll(
            chunk,
            0,
            CHUNK - 1,
            (at, logits, o) -> System.arraycopy(logits, o, expected, at * vocabulary, vocabulary));
        left.feedAll(
            chunk,
            0,
            CHUNK - 1,
            (at, logits, o) -> {
              divergence.add(expected, at * vocabulary, logits, o, vocabulary);
              sum[0] += Divergence.logSumExp(logits, o, vocabulary) - logits[o + chunk[at + 1]];
            });
      }
    }
    return new Quality(Math.exp(sum[0] / divergence.count()), divergence.mean());
  }

  private static final int[] PROMPT = {1, 300, 400, 500, 600, 700};

  private static int firstToken(Path file) {
    ModelOptions options = ModelOptions.defaults().withContext(64).withBackend("cpu");
    try (Engine engine = Engine.open(file, options);
        Session session = engine.newSession()) {
      session.feed(PROMPT, 0, PROMPT.length);
      return greatest(session.logits());
    }
  }

  /** llama.cpp loads what we wrote, and finds the same token most probable. */
  private static int llamaFirstToken(Path file) throws IOException {
    try (LlamaCpp llama = new LlamaCpp(LLAMA, file, 1, 64)) {
      llama.feed(PROMPT, 0, PROMPT.length);
      return greatest(llama.logits());
    }
  }

  private static int greatest(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }
}
