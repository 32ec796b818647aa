package io.foregate.convert.source;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.error.ForegateException;
import io.foregate.files.InputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** JSON files of a folder. */
public final class HfJson {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION).build();

  private HfJson() {}

  /**
   * JSON can write half of a character that needs two; no file of text, and no GGUF, can hold it.
   */
  private static void requireUnicode(Path file, JsonNode node) {
    for (JsonNode child : node) {
      requireUnicode(file, child);
    }
    if (node.isTextual()) {
      requireUnicode(file, node.asText());
    }
    node.fieldNames().forEachRemaining(name -> requireUnicode(file, name));
  }

  private static void requireUnicode(Path file, String text) {
    int at = loneSurrogate(text);
    if (at >= 0) {
      throw new ForegateException(
          "%s: the string '%s' has half of a character, \\u%04X, expected Unicode text"
              .formatted(file, shown(text, at), (int) text.charAt(at)),
          "Download the file again, or mend that string.");
    }
  }

  private static int loneSurrogate(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return i;
      }
    }
    return -1;
  }

  /** What stands around a place, with a mark for what cannot be printed. */
  private static String shown(String text, int at) {
    String around = text.substring(Math.max(0, at - 20), Math.min(text.length(), at + 20));
    StringBuilder out = new StringBuilder();
    around.codePoints().forEach(c -> out.appendCodePoint(c >= 0xD800 && c < 0xE000 ? 0xFFFD : c));
    return out.toString();
  }

  /** The file's root object, or nothing if there is no such file. */
  public static Optional<JsonNode> find(Path file) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      JsonNode root = JSON.readTree(InputFile.bytes(file, "a JSON file"));
      if (root == null || !root.isObject()) {
        throw new ForegateException(file + ": no JSON object", "Download the file again.");
      }
      requireUnicode(file, root);
      return Optional.of(root);
    } catch (JsonProcessingException | StackOverflowError e) {
      throw new ForegateException(file + ": not JSON", "Download the file again.", e);
    } catch (IOException e) {
      throw InputFile.unreadable(file, e);
    }
  }
}
