package io.foregate.convert.vocabulary;

import com.fasterxml.jackson.databind.JsonNode;
import io.foregate.convert.source.HfConfig;
import io.foregate.convert.source.HfJson;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufValue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A folder's tokenizer as GGUF metadata: byte-level BPE from {@code tokenizer.json}, SentencePiece
 * from {@code tokenizer.model}, or SentencePiece's BPE as {@code tokenizer.json} has it.
 */
public final class VocabularyReader {
  private final Path folder;
  private final Path jsonFile;
  private final HfConfig config;
  private final Optional<JsonNode> json;
  private final Optional<JsonNode> settings;
  private final Map<String, GgufValue> keys = new LinkedHashMap<>();
  private TokenList tokens;

  private VocabularyReader(Path folder, HfConfig config) {
    this.folder = folder;
    this.config = config;
    this.jsonFile = folder.resolve("tokenizer.json");
    this.json = HfJson.find(jsonFile);
    this.settings = HfJson.find(folder.resolve("tokenizer_config.json"));
  }

  /**
   * The tokenizer's keys, with special tokens and chat templates.
   *
   * @param pre the pre-tokenizer's name, where the user knows better
   * @throws ForegateException if there is no tokenizer, or one of a kind that GGUF does not know
   */
  public static Map<String, GgufValue> read(Path folder, HfConfig config, Optional<String> pre) {
    var reader = new VocabularyReader(folder, config);
    reader.read(pre);
    return reader.keys;
  }

  private void read(Optional<String> pre) {
    Path sentencePiece = folder.resolve("tokenizer.model");
    boolean bytePieces = json.map(j -> j.at("/model/byte_fallback").asBoolean()).orElse(false);
    boolean pair = json.map(j -> j.at("/model/type").asText().equals("BPE")).orElse(false);
    if (pair && !bytePieces) {
      byteLevel(json.orElseThrow(), pre);
    } else if (Files.exists(sentencePiece)) {
      sentencePiece(sentencePiece);
    } else if (pair) {
      pieces(json.orElseThrow());
    } else if (json.isPresent()) {
      throw new ForegateException(
          "%s: a tokenizer of type '%s' cannot be converted"
              .formatted(jsonFile, json.get().at("/model/type").asText("none")),
          "BPE can, byte-level or SentencePiece's.");
    } else {
      throw new ForegateException(
          "%s: there is neither tokenizer.json nor tokenizer.model".formatted(folder),
          "Download the tokenizer too, or save it anew with transformers' save_pretrained.");
    }
    SpecialTokenKeys.add(keys, tokens, folder, config, json, settings);
    ChatTemplateKeys.add(keys, folder, settings);
  }

  private void begin(Path source, String model, String pre) {
    keys.put("tokenizer.ggml.model", new GgufValue.Str(model));
    keys.put("tokenizer.ggml.pre", new GgufValue.Str(pre));
    tokens = new TokenList(source, Math.toIntExact(config.size("vocab_size")));
  }

  private void byteLevel(JsonNode tokenizer, Optional<String> pre) {
    requirePlainNormalizer(tokenizer.path("normalizer"));
    begin(jsonFile, "gpt2", pre.orElseGet(() -> PreTokenizerNames.of(jsonFile, tokenizer)));
    tokenizer
        .at("/model/vocab")
        .properties()
        .forEach(e -> tokens.put(id(e.getValue()), e.getKey(), 0, TokenList.NORMAL));
    addAdded(tokenizer.path("added_tokens"));
    tokens.keys(keys, false);
    keys.put("tokenizer.ggml.merges", GgufArray.ofStrings(merges(tokenizer)));
  }

  /** Unicode's composition is left out by llama.cpp too; lower case and the like are not. */
  private void requirePlainNormalizer(JsonNode normalizer) {
    String type = normalizer.path("type").asText("none");
    if (type.equals("Sequence")) {
      normalizer.path("normalizers").forEach(this::requirePlainNormalizer);
    } else if (!type.equals("none") && !type.equals("NFC")) {
      throw new ForegateException(
          "%s: a normalizer of type '%s' cannot be converted".formatted(jsonFile, type),
          "GGUF's byte-level tokenizers take text as it is.");
    }
  }

  private void sentencePiece(Path file) {
    SentencePieceModel model = SentencePieceModel.read(file);
    begin(file, "llama", "default");
    for (int id = 0; id < model.pieces().size(); id++) {
      SentencePieceModel.Piece piece = model.pieces().get(id);
      tokens.put(id, piece.text(), piece.score(), piece.type());
    }
    HfJson.find(folder.resolve("added_tokens.json"))
        .ifPresent(
            added ->
                added.properties().forEach(e -> tokens.add(id(e.getValue()), e.getKey(), false)));
    settings.ifPresent(
        s ->
            s.path("added_tokens_decoder")
                .properties()
                .forEach(e -> addOne(Long.parseLong(e.getKey()), e.getValue())));
    json.ifPresent(j -> addAdded(j.path("added_tokens")));
    tokens.keys(keys, true);
    addPrefix(model.addsPrefix());
  }

  /** SentencePiece's scores order merges; tokenizer.json has the order itself. */
  private void pieces(JsonNode tokenizer) {
    begin(jsonFile, "llama", "default");
    Map<String, Integer> ranks = new LinkedHashMap<>();
    List<String> merges = merges(tokenizer);
    for (int rank = 0; rank < merges.size(); rank++) {
      ranks.putIfAbsent(merges.get(rank).replaceFirst(" ", ""), rank);
    }
    String unknown = tokenizer.at("/model/unk_token").asText();
    tokenizer
        .at("/model/vocab")
        .properties()
        .forEach(
            e -> {
              String text = e.getKey();
              int type = TokenList.NORMAL;
              if (text.matches("<0x\\p{XDigit}{2}>")) {
                type = TokenList.BYTE;
              } else if (text.equals(unknown)) {
                type = 2;
              }
              tokens.put(id(e.getValue()), text, -ranks.getOrDefault(text, merges.size()), type);
            });
    for (JsonNode added : tokenizer.path("added_tokens")) {
      if (!added.path("content").asText().equals(unknown)) {
        addOne(id(added.path("id")), added);
      }
    }
    tokens.keys(keys, true);
    addPrefix(
        !tokenizer.at("/pre_tokenizer/prepend_scheme").asText("first").equals("never")
            && (tokenizer.path("normalizer").toString().contains("Prepend")
                || tokenizer.path("pre_tokenizer").toString().contains("Metaspace")));
  }

  private void addPrefix(boolean fallback) {
    boolean adds =
        settings.map(s -> s.path("add_prefix_space").asBoolean(fallback)).orElse(fallback);
    keys.put("tokenizer.ggml.add_space_prefix", new GgufValue.Bool(adds));
  }

  private void addAdded(JsonNode added) {
    added.forEach(token -> addOne(id(token.path("id")), token));
  }

  private void addOne(long id, JsonNode token) {
    tokens.add(id, token.path("content").asText(), token.path("special").asBoolean());
  }

  private long id(JsonNode node) {
    if (!node.isIntegralNumber()) {
      throw new ForegateException(
          "%s: a token's id is %s, expected a whole number".formatted(folder, node),
          "Download the tokenizer again.");
    }
    return node.asLong();
  }

  /** Merges as GGUF has them: both parts, a space between; older files have them so already. */
  private List<String> merges(JsonNode tokenizer) {
    List<String> merges = new ArrayList<>();
    for (JsonNode merge : tokenizer.at("/model/merges")) {
      if (merge.isTextual()) {
        merges.add(merge.asText());
      } else {
        String left = merge.path(0).asText();
        String right = merge.path(1).asText();
        if (merge.size() != 2
            || left.isEmpty()
            || right.isEmpty()
            || (left + right).contains(" ")) {
          throw new ForegateException(
              "%s: the merge %s is not of two tokens without spaces".formatted(jsonFile, merge),
              "Download the file again.");
        }
        merges.add(left + " " + right);
      }
    }
    if (merges.isEmpty()) {
      throw new ForegateException(jsonFile + ": there are no merges", "Download the file again.");
    }
    return merges;
  }
}
