package io.foregate.convert.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * What transformers' configuration classes fill in where a {@code config.json} leaves a key out, by
 * the model's class. The table is made of those classes (scripts/convert-defaults.py).
 */
public final class HfDefaults {
  private static final String RESOURCE = "hf-defaults.json";

  private HfDefaults() {}

  /**
   * The defaults of a class as an object, of one that reads pictures those of its text's part; a
   * missing node for a class that is not known.
   */
  public static JsonNode of(String name) {
    return all().path(name.replace("ForConditionalGeneration", "ForCausalLM"));
  }

  public static JsonNode all() {
    try (InputStream in = HfDefaults.class.getResourceAsStream(RESOURCE)) {
      return new JsonMapper().readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
