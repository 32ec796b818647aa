package io.foregate.inspect;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.tokenizer.Tokenizer;

/** Whether this build can run a model. */
final class Support {
  private Support() {}

  /** Why it cannot, in a sentence, or {@code null}. */
  static String obstacle(GgufFile file) {
    try {
      ModelReader.read(file, ModelConfigReader.read(file));
      Tokenizer.of(file.metadata());
      return null;
    } catch (ForegateException e) {
      return e.getMessage();
    } catch (ArithmeticException e) {
      return "its metadata give sizes that cannot be counted";
    }
  }
}
