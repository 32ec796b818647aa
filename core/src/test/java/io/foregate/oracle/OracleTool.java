package io.foregate.oracle;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.gguf.GgufFile;
import io.foregate.oracle.EngineEvaluation.Feed;
import io.foregate.oracle.keys.KeyTool;
import io.foregate.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What scripts/oracle runs in Java. Exit code 1: something disagrees. */
final class OracleTool {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String USAGE =
      """
      usage: generate FOLDER                write the tiny models, NAME.gguf and NAME.tokens
             generate-keys FOLDER           write tiny models with metadata changed, one by one
             metadata-table                 the rows of docs/metadata.md
             golden FOLDER GOLDEN           make golden files of their NAME.llama.json
             compare FOLDER                 compare the engine with their NAME.llama.json
             compare-demo MODEL FOLDER      compare demo-NAME.foregate.json with demo-NAME.llama.json
             compare-ids MODEL TEXTS IDS    compare the tokenizer's ids of a JSON array of texts
      """;

  private OracleTool() {}

  public static void main(String[] args) throws IOException {
    boolean agrees = true;
    String command = args.length == 0 ? "" : args[0] + "/" + (args.length - 1);
    switch (command) { // name and number of arguments
      case "generate/1" -> generate(Path.of(args[1]));
      case "generate-keys/1" -> KeyTool.generate(Path.of(args[1]));
      case "metadata-table/0" -> KeyTool.table().forEach(System.out::println);
      case "golden/2" -> golden(Path.of(args[1]), Path.of(args[2]));
      case "compare/1" -> agrees = compare(Path.of(args[1]));
      case "compare-demo/2" -> agrees = compareDemo(Path.of(args[1]), Path.of(args[2]));
      case "compare-ids/3" ->
          agrees = compareIds(Path.of(args[1]), Path.of(args[2]), Path.of(args[3]));
      default -> {
        System.err.print(USAGE);
        System.exit(2);
      }
    }
    if (!agrees) {
      System.exit(1);
    }
  }

  private static void generate(Path folder) throws IOException {
    for (TinyModel model : TinyModels.all()) {
      TinyModelWriter.write(model, folder);
      String tokens =
          Arrays.stream(model.tokens()).mapToObj(String::valueOf).collect(Collectors.joining(","));
      Files.writeString(folder.resolve(model.name() + ".tokens"), tokens + "\n");
    }
  }

  private static void golden(Path folder, Path goldenFolder) throws IOException {
    String source = Files.readString(folder.resolve("source.txt")).strip();
    Files.createDirectories(goldenFolder);
    for (TinyModel model : TinyModels.all()) {
      String hash = Sha256.of(folder.resolve(model.name() + ".gguf"));
      Evaluation evaluation =
          GoldenFile.readEvaluation(folder.resolve(model.name() + ".llama.json"));
      new GoldenFile(source, hash, evaluation)
          .write(goldenFolder.resolve(model.name() + ".json.gz"));
    }
  }

  private static boolean compare(Path folder) throws IOException {
    System.out.println(Comparison.HEADER);
    boolean agrees = true;
    for (TinyModel model : TinyModels.all()) {
      Evaluation reference =
          GoldenFile.readEvaluation(folder.resolve(model.name() + ".llama.json"));
      for (Feed feed : Feed.values()) {
        Path file = folder.resolve(model.name() + ".gguf");
        EngineEvaluation own = EngineEvaluation.of(file, model.tokens(), feed);
        agrees &=
            print(
                Comparison.of(
                    model.name() + (feed == Feed.BATCH ? "" : " 1x1"),
                    reference,
                    own.evaluation(),
                    own.routerMargins(),
                    model.precision()));
      }
    }
    return agrees;
  }

  /** The command line's answers; the engine is asked again only for the routers' margins. */
  private static boolean compareDemo(Path model, Path folder) throws IOException {
    System.out.println(Comparison.HEADER);
    boolean agrees = true;
    List<Path> references;
    try (Stream<Path> files = Files.list(folder)) {
      references =
          files
              .filter(file -> file.getFileName().toString().matches("demo-.*\\.llama\\.json"))
              .sorted()
              .toList();
    }
    for (Path file : references) {
      String name = file.getFileName().toString().replace(".llama.json", "");
      Evaluation reference = GoldenFile.readEvaluation(file);
      Evaluation own = GoldenFile.readEvaluation(file.resolveSibling(name + ".foregate.json"));
      double[] margins = EngineEvaluation.of(model, reference.tokens(), Feed.BATCH).routerMargins();
      agrees &= print(Comparison.of(name, reference, own, margins, Precision.QUANTIZED_DEEP));
    }
    return agrees && !references.isEmpty();
  }

  private static boolean print(Comparison comparison) {
    System.out.println(comparison.row());
    comparison.excused().forEach(line -> System.out.println("    excused: " + line));
    comparison.failures().forEach(line -> System.out.println("    FAILED: " + line));
    return comparison.passed();
  }

  private static boolean compareIds(Path model, Path texts, Path expected) throws IOException {
    Tokenizer tokenizer;
    try (GgufFile file = GgufFile.open(model)) {
      tokenizer = Tokenizer.of(file.metadata());
    }
    String[] strings = JSON.readValue(texts.toFile(), String[].class);
    List<String> lines = Files.readAllLines(expected);
    int different = Math.abs(strings.length - lines.size());
    for (int i = 0; i < Math.min(strings.length, lines.size()); i++) {
      int[] reference = JSON.readValue(lines.get(i), int[].class);
      int[] own = tokenizer.encode(strings[i], false, false);
      if (!Arrays.equals(own, reference)) {
        different++;
        System.out.printf(
            "    FAILED: text %d: %s, here %s%n", i, lines.get(i), Arrays.toString(own));
      }
    }
    System.out.printf(
        "token ids of %d texts under %s: %d differ%n",
        strings.length, model.getFileName(), different);
    return different == 0;
  }
}
