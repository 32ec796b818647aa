package io.foregate.oracle.keys;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufMetadata;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.MetadataKey;
import io.foregate.oracle.ModelDescription;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import io.foregate.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Walks the table of metadata keys: what it says of a missing one holds. */
class MetadataTableTest {
  /** Asked for where a model has experts, or groups of them. */
  private static final List<MetadataKey> CONDITIONAL =
      List.of(MetadataKey.EXPERTS_USED, MetadataKey.EXPERT_GROUPS_USED);

  @TempDir static Path folder;

  static List<TinyModel> bases() {
    List<TinyModel> bases = new ArrayList<>(KeyCases.bases());
    bases.addAll(KeyCases.deltaNets());
    return bases;
  }

  /** A missing key is the same as one with the fallback's value, or an error that names the key. */
  @ParameterizedTest
  @MethodSource("bases")
  void aMissingKeyIsWhatTheTableSays(TinyModel base) throws IOException {
    String architecture = base.architecture().name();
    try (GgufFile file = GgufFile.open(TinyModelWriter.write(base, folder))) {
      for (MetadataKey key : MetadataKey.values()) {
        if (!key.pattern().startsWith("{arch}")) {
          continue;
        }
        String without = facts(base, file, key, Optional.empty());
        if (!key.isReadBy(architecture)) {
          assertThat(facts(base, file, key, Optional.of(new GgufValue.Str("nonsense"))))
              .as("%s is not read", key)
              .isEqualTo(without);
        } else if (key.hasFallbackValue()) {
          assertThat(facts(base, file, key, Optional.of(value(key))))
              .as("%s", key)
              .isEqualTo(without);
        } else if (key.isRequired() && isAskedFor(key, file.metadata(), architecture)) {
          assertThat(without).contains("'%s' is missing".formatted(key.in(architecture)));
        } else if (key.isRequired()) {
          assertThat(without).isEqualTo(ModelDescription.of(folder.resolve(base.name() + ".gguf")));
        }
      }
    }
  }

  private static boolean isAskedFor(MetadataKey key, GgufMetadata metadata, String architecture) {
    return !CONDITIONAL.contains(key) || metadata.contains(key.in(architecture));
  }

  private static GgufValue value(MetadataKey key) {
    String text = key.fallback();
    return switch (key.kind()) {
      case TEXT -> new GgufValue.Str(text);
      case COUNT, COUNT_OR_PER_LAYER -> new GgufValue.U32(Long.parseLong(text));
      case REAL -> new GgufValue.F32(Float.parseFloat(text));
      case FLAG -> new GgufValue.Bool(Boolean.parseBoolean(text));
      case TEXTS, REALS, COUNTS -> throw new IllegalArgumentException(key + " has no value");
    };
  }

  /** What comes of it, or the message of what is wrong. */
  private static String facts(
      TinyModel base, GgufFile file, MetadataKey key, Optional<GgufValue> value)
      throws IOException {
    String name = key.in(base.architecture().name());
    KeyCase changed = KeyCase.of(base, "changed", Map.of(name, value));
    try {
      return ModelDescription.of(changed.write(file, folder.resolve("changed.gguf")));
    } catch (ForegateException e) {
      return e.getMessage();
    }
  }

  @ParameterizedTest
  @EnumSource(MetadataKey.class)
  void aTokenizerWithoutAKeyIsWhatTheTableSays(MetadataKey key) throws IOException {
    if (!key.pattern().startsWith("tokenizer.") || key == MetadataKey.MERGES) {
      return; // merges: BPE's alone
    }
    try (GgufFile file =
        GgufFile.open(TinyModelWriter.write(KeyCases.bases().getFirst(), folder))) {
      var values = new LinkedHashMap<String, GgufValue>(file.metadata().asMap());
      values.remove(key.pattern());
      String without = ids(values);
      if (key.isRequired()) {
        assertThat(without).contains("'%s' is missing".formatted(key.pattern()));
      } else if (key.hasFallbackValue()) {
        values.put(key.pattern(), value(key));
        assertThat(ids(values)).isEqualTo(without);
      } else {
        assertThat(without).startsWith("[");
      }
    }
  }

  private static String ids(Map<String, GgufValue> values) {
    try {
      Tokenizer tokenizer = Tokenizer.of(GgufMetadata.of("changed", values));
      return Arrays.toString(tokenizer.encode("the other </s>", true, true));
    } catch (ForegateException e) {
      return e.getMessage();
    }
  }

  /** The documentation lists the table, whole and nothing else. */
  @Test
  void theDocumentationListsTheTable() throws IOException {
    Path docs = Path.of("..", "docs", "metadata.md");
    List<String> rows =
        Files.readAllLines(docs).stream().filter(line -> Pattern.matches("\\| `.*", line)).toList();
    assertThat(rows).containsExactlyElementsOf(KeyTool.table());
  }
}
