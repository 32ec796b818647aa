package io.foregate.model.reader;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.KnownValues;
import io.foregate.gguf.MetadataKey;
import java.util.Locale;

/** GGUF files that are no models, or not whole ones. */
final class ModelFileCheck {
  private static final String ANOTHER_FILE = "Give the model's own GGUF file.";

  private ModelFileCheck() {}

  /** Throws for a file that is something else, and says what. */
  static void requireModel(GgufFile file) {
    KnownValues values = KnownValues.of(file.metadata());
    String type = values.glimpseText(MetadataKey.TYPE).toLowerCase(Locale.ROOT);
    int shards = values.glimpse(MetadataKey.SHARDS).orElse(0);
    if (type.equals("adapter")) {
      throw wrong(file, "is an adapter (LoRA) for a model, not a model", ANOTHER_FILE);
    }
    if (type.equals("mmproj") || values.architecture().equals("clip")) {
      throw wrong(file, "holds a model's part for images or sound alone", ANOTHER_FILE);
    }
    if (type.equals("imatrix")) {
      throw wrong(file, "is an importance matrix, not a model", ANOTHER_FILE);
    }
    if (shards > 1) {
      int shard = values.glimpse(MetadataKey.SHARD).orElse(0) + 1;
      throw wrong(
          file,
          "is part %d of a model that is split into %d files".formatted(shard, shards),
          "Merge them: llama-gguf-split --merge FIRST-PART MODEL.gguf.");
    }
    if (file.tensors().isEmpty()) {
      throw wrong(file, "has no tensors: it is a vocabulary, or metadata alone", ANOTHER_FILE);
    }
  }

  private static ForegateException wrong(GgufFile file, String what, String hint) {
    return new ForegateException("%s %s.".formatted(file.path(), what), hint);
  }
}
