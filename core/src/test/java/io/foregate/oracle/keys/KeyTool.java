package io.foregate.oracle.keys;

import io.foregate.gguf.GgufFile;
import io.foregate.gguf.MetadataKey;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Writes {@link KeyCases} for llama.cpp. */
public final class KeyTool {
  private KeyTool() {}

  /** Writes a file per case, and the tokens that each is asked about. */
  public static void generate(Path folder) throws IOException {
    for (TinyModel base : KeyCases.bases()) {
      Path file = TinyModelWriter.write(base, folder);
      try (GgufFile original = GgufFile.open(file)) {
        for (KeyCase changed : KeyCases.of(base, original)) {
          changed.write(original, folder.resolve(changed.name() + ".gguf"));
          Files.writeString(folder.resolve(changed.name() + ".tokens"), tokens(base) + "\n");
        }
      }
      Files.delete(file);
    }
  }

  private static String tokens(TinyModel base) {
    return Arrays.stream(base.tokens())
        .limit(KeyCases.TOKENS)
        .mapToObj(String::valueOf)
        .collect(Collectors.joining(","));
  }

  /** The rows of docs/metadata.md. */
  public static List<String> table() {
    return Arrays.stream(MetadataKey.values()).map(KeyTool::row).toList();
  }

  private static String row(MetadataKey key) {
    String missing = key.isRequired() ? "required" : key.fallback();
    String families = key.families().stream().sorted().collect(Collectors.joining(", "));
    return "| `%s` | %s | %s | %s | %s |"
        .formatted(
            key.pattern(),
            key.kind().name().toLowerCase(Locale.ROOT).replace('_', ' '),
            missing,
            families.isEmpty() ? "all" : families,
            key.meaning());
  }
}
