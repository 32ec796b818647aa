package io.foregate.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.foregate.cli.terminal.CommandException;
import io.foregate.error.JsonReason;
import io.foregate.gguf.GgufFile;
import io.foregate.tokenizer.ChatTemplate;
import io.foregate.tokenizer.ChatTemplateSet;
import io.foregate.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A chat template and where it comes from: a model, a file that is a template, or one of the JSON
 * files that Hugging Face keeps templates in.
 *
 * @param tokenizer a model's; a template alone has none
 */
record TemplateSource(ChatTemplate template, Optional<Tokenizer> tokenizer) {
  private static final byte[] GGUF = "GGUF".getBytes(StandardCharsets.US_ASCII);
  private static final String KEY = "chat_template";

  /** Whether a file is a model, or by its name ought to be. */
  static boolean isModel(Path file) {
    if (file.toString().endsWith(".gguf")) {
      return true;
    }
    try (InputStream in = Files.newInputStream(file)) {
      return Arrays.equals(in.readNBytes(GGUF.length), GGUF);
    } catch (IOException e) {
      return false; // whoever reads the text says what is wrong
    }
  }

  /** The template of a model, for conversations with or without tools. */
  static TemplateSource ofModel(Path file, boolean tools) {
    try (GgufFile gguf = GgufFile.open(file)) {
      Tokenizer tokenizer = Tokenizer.of(gguf.metadata());
      ChatTemplateSet templates =
          ChatTemplateSet.of(gguf.metadata(), tokenizer)
              .orElseThrow(
                  () ->
                      new CommandException(
                          file + ": the model has no chat template (tokenizer.chat_template)",
                          "It is a base model, or was converted without one: 'foregate chat' writes"
                              + " plain User: and Assistant: lines. Give a template's file"
                              + " instead."));
      return new TemplateSource(templates.pick(tools), Optional.of(tokenizer));
    }
  }

  /**
   * The template that a text file holds.
   *
   * @param given special tokens by the names that templates know them by, before those of the file
   */
  static TemplateSource ofText(Path file, String text, boolean tools, Map<String, String> given) {
    Map<String, String> tokens = new LinkedHashMap<>();
    String jinja = text;
    if (file.toString().endsWith(".json")) {
      JsonNode json = json(file, text);
      jinja = jinja(file, json, tools);
      json.properties().stream()
          .filter(entry -> entry.getKey().endsWith("_token"))
          .forEach(entry -> token(tokens, entry.getKey(), entry.getValue()));
    }
    tokens.putAll(given);
    return new TemplateSource(
        ChatTemplate.parse("the chat template " + file, jinja, tokens), Optional.empty());
  }

  private static JsonNode json(Path file, String text) {
    try {
      return new JsonMapper().readTree(text);
    } catch (JsonProcessingException e) {
      throw new CommandException(
          "%s: is not JSON: %s".formatted(file, JsonReason.of(e)),
          "A template that is no JSON has a name that ends with .jinja or .txt.",
          e);
    }
  }

  /** As transformers has it: one text, or a list of named ones. */
  private static String jinja(Path file, JsonNode json, boolean tools) {
    JsonNode found = json.path(KEY);
    Map<String, String> named = new LinkedHashMap<>();
    if (found.isTextual()) {
      named.put("default", found.asText());
    }
    for (JsonNode one : found.isArray() ? found : JsonNodeFactory.instance.arrayNode()) {
      named.put(one.path("name").asText(), one.path("template").asText());
    }
    String plain = named.get("default");
    String chosen = tools ? named.getOrDefault("tool_use", plain) : plain;
    if (chosen == null) {
      throw new CommandException(
          "%s: has no %s, expected a text or a list with one named 'default'".formatted(file, KEY),
          "Templates are in tokenizer_config.json, chat_template.json or chat_template.jinja.");
    }
    return chosen;
  }

  private static void token(Map<String, String> tokens, String name, JsonNode value) {
    JsonNode text = value.isObject() ? value.path("content") : value;
    if (text.isTextual()) {
      tokens.put(name, text.asText());
    }
  }
}
