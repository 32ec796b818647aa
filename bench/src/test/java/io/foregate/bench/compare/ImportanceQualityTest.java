package io.foregate.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.foregate.backend.ImportanceCollector;
import io.foregate.backend.ImportanceMatrix;
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
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What an importance matrix is worth: the demo model's experts rounded with it and without,
 * divergence from the model that both began with. The matrix is of the first part of each held-out
 * text, and the comparison of the rest, none of which the matrix or the model's training saw.
 */
class ImportanceQualityTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path MODEL = ROOT.resolve("models/foregate-demo.gguf");
  private static final Path TEXTS = ROOT.resolve("models/foregate-demo-heldout");
  private static final List<String> KINDS = List.of("bible", "novels", "wordnet", "manuals");
  private static final int CHUNK = 256;

  /** Chunks of each text that the matrix is of, and those behind them that are compared. */
  private static final int COLLECTED = 16;

  private static final int COMPARED = 5;

  @TempDir private static Path folder;
  private static ImportanceMatrix importance;
  private static Path plain;
  private static Path weighted;

  @BeforeAll
  static void collect() throws IOException {
    assumeTrue(Files.isRegularFile(MODEL), "the demo model is missing");
    plain = folder.resolve("plain.gguf");
    weighted = folder.resolve("weighted.gguf");
    try (Engine engine = open(MODEL);
        Session session = engine.newSession()) {
      var collector = new ImportanceCollector(engine.file());
      session.onProducts(collector);
      for (String kind : KINDS) {
        for (int i = 0; i < COLLECTED; i++) {
          int[] chunk = chunk(engine, kind, i);
          session.truncate(0);
          session.feed(chunk, 0, CHUNK);
        }
      }
      Path file = folder.resolve("imatrix.gguf");
      collector.matrix().write(file, KINDS, COLLECTED * KINDS.size(), CHUNK);
      importance = ImportanceMatrix.read(file); // as quantize has it
    }
  }

  private static Engine open(Path model) {
    return Engine.open(model, ModelOptions.defaults().withContext(CHUNK).withBackend("cpu"));
  }

  private static int[] chunk(Engine engine, String kind, int index) throws IOException {
    String text = Files.readString(TEXTS.resolve(kind + ".txt"));
    int[] tokens = engine.tokenizer().encode(text, true, false);
    return Arrays.copyOfRange(tokens, index * CHUNK, (index + 1) * CHUNK);
  }

  @ParameterizedTest
  @EnumSource(names = {"Q3_K", "Q2_K"})
  void bringsTheModelNearerToItsSource(GgmlType type) throws IOException {
    write(type, plain, ImportanceMatrix.NONE);
    write(type, weighted, importance);
    double without = divergence(plain);
    double with = divergence(weighted);
    System.out.printf(
        Locale.ROOT, "%s: divergence %.5f without, %.5f with importance%n", type, without, with);
    assertThat(with).isLessThan(without);
  }

  /** A file that llama.cpp could not read would be no help: it does, and it says the same. */
  @Test
  void llamaCppReadsWhatWasWritten() throws IOException {
    Path llama =
        ROOT.resolve("scripts/oracle/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64");
    assumeTrue(Files.isDirectory(llama), "llama.cpp is not installed (scripts/oracle/install)");
    write(GgmlType.Q2_K, weighted, importance);
    int[] prompt = IntStream.range(0, 24).map(i -> i == 0 ? 1 : 200 + 100 * i).toArray();
    double[] divergences = new double[prompt.length];
    try (Engine engine = open(weighted);
        Session session = engine.newSession();
        LlamaCpp other = new LlamaCpp(llama, weighted, 1, 64)) {
      for (int i = 0; i < prompt.length; i++) {
        session.feed(prompt, i, i + 1);
        other.feed(prompt, i, i + 1);
        float[] own = session.logits();
        var divergence = new Divergence();
        divergence.add(other.logits(), 0, own, 0, own.length);
        divergences[i] = divergence.mean();
      }
    }
    // The median: a router's near-tie falls one way or the other by the CPU's instructions, and
    // moves single positions.
    Arrays.sort(divergences);
    assertThat(divergences[prompt.length / 2]).isLessThan(1e-3);
  }

  private static void write(GgmlType type, Path target, ImportanceMatrix importance) {
    try (GgufFile source = GgufFile.open(MODEL);
        GgufWriter writer = GgufWriter.to(target)) {
      writer.metadata(source.metadata());
      for (GgufTensor tensor : source.tensors()) {
        if (tensor.name().endsWith("_exps.weight")) {
          MemorySegment bytes = rounded(source, tensor, type, importance);
          writer.tensor(tensor.name(), type, tensor.shape(), bytes);
        } else {
          writer.tensor(tensor.name(), tensor.type(), tensor.shape(), source.data(tensor));
        }
      }
      writer.write();
    }
  }

  private static MemorySegment rounded(
      GgufFile file, GgufTensor tensor, GgmlType type, ImportanceMatrix importance) {
    int columns = Math.toIntExact(tensor.dim(0));
    int matrices = Math.toIntExact(tensor.dim(2));
    float[] weights = new float[Math.toIntExact(tensor.elements())];
    Quants.decode(tensor.type(), file.data(tensor), 0, weights, 0, weights.length);
    float[] means = importance.of(tensor.name(), columns, matrices).orElse(null);
    var target = MemorySegment.ofArray(new byte[Math.toIntExact(type.byteSize(weights.length))]);
    var quantizer = new WeightQuantizer(type, Method.SEARCH);
    int perMatrix = weights.length / matrices;
    for (int at = 0; at < weights.length; at += columns) {
      int of = at / perMatrix * columns;
      quantizer.quantize(weights, at, means, of, target, type.byteSize(at), columns);
    }
    return target;
  }

  private static double divergence(Path quantized) throws IOException {
    var divergence = new Divergence();
    try (Engine base = open(MODEL);
        Engine model = open(quantized);
        Session right = base.newSession();
        Session left = model.newSession()) {
      int vocabulary = base.config().vocabulary();
      var expected = new float[CHUNK * vocabulary];
      for (String kind : KINDS) {
        for (int i = COLLECTED; i < COLLECTED + COMPARED; i++) {
          int[] chunk = chunk(base, kind, i);
          right.truncate(0);
          left.truncate(0);
          right.feedAll(
              chunk,
              0,
              CHUNK,
              (at, logits, o) ->
                  System.arraycopy(logits, o, expected, at * vocabulary, vocabulary));
          left.feedAll(
              chunk,
              0,
              CHUNK,
              (at, logits, o) -> divergence.add(expected, at * vocabulary, logits, o, vocabulary));
        }
      }
    }
    return divergence.mean();
  }
}
