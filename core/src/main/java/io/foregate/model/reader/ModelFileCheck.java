package io.foregate.model.reader;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.KnownValues;
import io.foregate.gguf.MetadataKey;
import java.util.Locale;

/** GGUF files that are no models. */
final class ModelFileCheck {
  private static final String ANOTHER_FILE = "Give the model's own GGUF file.";

  private ModelFileCheck() {}

  /** Throws for a file that is something else, and says what. */
  static void requireModel(GgufFile file) {
    KnownValues values = KnownValues.of(file.metadata());
    String type = values.glimpseText(MetadataKey.TYPE).toLowerCase(Locale.ROOT);
    if (type.equals("adapter")) {
      throw wrong(file, "is an adapter (LoRA) for a model, not a model", ANOTHER_FILE);
    }
    if (type.equals("mmproj") || values.architecture().equals("clip")) {
      throw wrong(file, "holds a model's part for images or sound alone", ANOTHER_FILE);
    }
    if (type.equals("imatrix")) {
      throw wrong(file, "is an importance matrix, not a model", ANOTHER_FILE);
    }
    if (file.tensors().isEmpty()) {
      throw wrong(file, "has no tensors: it is a vocabulary, or metadata alone", ANOTHER_FILE);
    }
  }

  private static ForegateException wrong(GgufFile file, String what, String hint) {
    return new ForegateException("%s %s.".formatted(file.path(), what), hint);
  }
}
