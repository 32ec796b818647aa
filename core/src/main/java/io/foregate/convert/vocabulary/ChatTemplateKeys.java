package io.foregate.convert.vocabulary;

import com.fasterxml.jackson.databind.JsonNode;
import io.foregate.convert.source.HfJson;
import io.foregate.error.ForegateException;
import io.foregate.files.InputFile;
import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufValue;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Chat templates: a file of their own, or a text or a list of named ones among the settings. */
final class ChatTemplateKeys {
  private static final String KEY = "tokenizer.chat_template";
  private static final String DEFAULT = "default";

  private ChatTemplateKeys() {}

  static void add(Map<String, GgufValue> keys, Path folder, Optional<JsonNode> settings) {
    Path jinja = folder.resolve("chat_template.jinja");
    if (Files.exists(jinja)) {
      keys.put(KEY, new GgufValue.Str(read(jinja)));
      return;
    }
    HfJson.find(folder.resolve("chat_template.json"))
        .map(j -> j.path("chat_template"))
        .filter(JsonNode::isTextual)
        .or(() -> settings.map(s -> s.path("chat_template")))
        .ifPresent(template -> add(keys, template));
  }

  private static void add(Map<String, GgufValue> keys, JsonNode template) {
    if (template.isTextual()) {
      keys.put(KEY, new GgufValue.Str(template.asText()));
      return;
    }
    List<String> names = new ArrayList<>();
    for (JsonNode one : template) {
      String name = one.path("name").asText().replaceAll("[^a-zA-Z0-9_]", "_");
      GgufValue text = new GgufValue.Str(one.path("template").asText());
      if (name.equals(DEFAULT)) {
        keys.put(KEY, text);
      } else if (!name.isEmpty()) {
        keys.put(KEY + "." + name, text);
        names.add(name);
      }
    }
    if (!names.isEmpty()) {
      keys.put("tokenizer.chat_templates", GgufArray.ofStrings(names));
    }
  }

  private static String read(Path file) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(InputFile.bytes(file, "a chat template")))
          .toString();
    } catch (CharacterCodingException e) {
      throw new ForegateException(file + ": is not UTF-8 text", "Download the file again.", e);
    }
  }
}
