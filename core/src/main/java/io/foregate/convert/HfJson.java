package io.foregate.convert;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.error.ForegateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** JSON files of a folder. */
final class HfJson {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION).build();

  private HfJson() {}

  /** The file's root object, or nothing if there is no such file. */
  static Optional<JsonNode> find(Path file) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      JsonNode root = JSON.readTree(Files.readAllBytes(file));
      if (root == null || !root.isObject()) {
        throw new ForegateException(file + ": no JSON object", "Download the file again.");
      }
      return Optional.of(root);
    } catch (JsonProcessingException | StackOverflowError e) {
      throw new ForegateException(file + ": not JSON", "Download the file again.", e);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new ForegateException(
          "%s: cannot read the file: %s".formatted(file, e.getMessage()), "Check its path.", e);
    }
  }
}
