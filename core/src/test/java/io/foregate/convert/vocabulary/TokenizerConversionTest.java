package io.foregate.convert.vocabulary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foregate.convert.TinyTokenizer;
import io.foregate.convert.source.HfConfig;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.GgufWriter;
import io.foregate.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenizerConversionTest {
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir private Path folder;

  @BeforeEach
  void writeConfig() throws IOException {
    config(300);
  }

  private void config(int vocabulary) throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        "{\"architectures\": [\"LlamaForCausalLM\"], \"vocab_size\": %d, \"eos_token_id\": [1, 7]}"
            .formatted(vocabulary));
  }

  private Map<String, GgufValue> read() {
    return VocabularyReader.read(folder, HfConfig.read(folder), Optional.empty());
  }

  private Tokenizer tokenizer() {
    Path file = folder.resolve("tokens.gguf");
    try (GgufWriter writer = GgufWriter.to(file)) {
      read().forEach(writer::metadata);
      writer.write();
    }
    try (GgufFile gguf = GgufFile.open(file)) {
      return Tokenizer.of(gguf.metadata());
    }
  }

  private void write(String name, JsonNode json) throws IOException {
    Files.write(folder.resolve(name), JSON.writeValueAsBytes(json));
  }

  private static List<String> strings(GgufValue value) {
    return ((GgufArray) value)
        .values().stream().map(text -> ((GgufValue.Str) text).value()).toList();
  }

  @Test
  void readsBytePairs() throws IOException {
    write("tokenizer.json", TinyTokenizer.json());
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"bos_token\": \"<s>\", \"add_bos_token\": true, \"chat_template\": [{\"name\":"
            + " \"default\", \"template\": \"a\"}, {\"name\": \"tool use\", \"template\":"
            + " \"b\"}]}");
    Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": [1, 7]}");
    Map<String, GgufValue> keys = read();
    assertThat(keys)
        .containsEntry("tokenizer.ggml.model", new GgufValue.Str("gpt2"))
        .containsEntry("tokenizer.ggml.pre", new GgufValue.Str("qwen2"))
        .containsEntry("tokenizer.ggml.bos_token_id", new GgufValue.U32(0))
        .containsEntry("tokenizer.ggml.eos_token_id", new GgufValue.U32(1))
        .containsEntry("tokenizer.ggml.eot_token_id", new GgufValue.U32(7))
        .containsEntry("tokenizer.ggml.add_bos_token", new GgufValue.Bool(true))
        .containsEntry("tokenizer.chat_template", new GgufValue.Str("a"))
        .containsEntry("tokenizer.chat_template.tool_use", new GgufValue.Str("b"));
    assertThat(strings(keys.get("tokenizer.ggml.merges"))).containsExactly("t h", "th e", "Ġ the");
    List<String> tokens = strings(keys.get("tokenizer.ggml.tokens"));
    assertThat(tokens).hasSize(300).endsWith("[PAD299]");
    Tokenizer tokenizer = tokenizer();
    int[] ids = tokenizer.encode("the the</s>x", false, true);
    assertThat(ids)
        .containsExactly(tokens.indexOf("the"), tokens.indexOf("Ġthe"), 1, tokens.indexOf("x"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '\t',
      quoteCharacter = '`',
      value = {
        "[^\\r"
            + "\\n"
            + "\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r"
            + "\\n"
            + "\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"
            + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}|"
            + " ?[^\\s\\p{L}\\p{N}]+[\\r"
            + "\\n"
            + "/]*|\\s*[\\r"
            + "\\n"
            + "]+|\\s+(?!\\S)|\\s+\tgpt-4o",
        "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|"
            + "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"
            + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}|"
            + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+\ttekken",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
            + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+\tdbrx",
      })
  void tellsPreTokenizersByTheirExpressions(String expression, String name) {
    ObjectNode json = TinyTokenizer.json();
    json.set("pre_tokenizer", TinyTokenizer.split(expression));
    assertThat(PreTokenizerNames.of(folder, json)).isEqualTo(name);
  }

  @Test
  void tellsWhatSplitsByMoreThanAnExpression() throws IOException {
    ObjectNode json = TinyTokenizer.json();
    json.set("pre_tokenizer", JSON.readTree("{\"type\": \"ByteLevel\"}"));
    assertThat(PreTokenizerNames.of(folder, json)).isEqualTo("gpt-2");
    json.set(
        "pre_tokenizer",
        JSON.readTree(
            "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Digits\","
                + " \"individual_digits\": true}, {\"type\": \"ByteLevel\"}]}"));
    assertThat(PreTokenizerNames.of(folder, json)).isEqualTo("refact");
    ((ObjectNode) json.get("model")).put("ignore_merges", true);
    json.set(
        "pre_tokenizer",
        TinyTokenizer.split(TinyTokenizer.QWEN_SPLIT.replace("|\\p{N}|", "|\\p{N}{1,3}|")));
    assertThat(PreTokenizerNames.of(folder, json)).isEqualTo("llama-bpe");
  }

  @Test
  void refusesAPreTokenizerThatItDoesNotKnow() {
    ObjectNode json = TinyTokenizer.json();
    json.set("pre_tokenizer", TinyTokenizer.split("\\w+"));
    assertThatThrownBy(() -> PreTokenizerNames.of(folder, json))
        .isInstanceOfSatisfying(
            ForegateException.class,
            e -> {
              assertThat(e).hasMessageContaining("\\w+");
              assertThat(e.hint()).contains("pre tokenizer");
            });
  }

  @Test
  void readsSentencePiece() throws IOException {
    Files.write(folder.resolve("tokenizer.model"), sentencePiece(2));
    config(8);
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"bos_token\": {\"content\": \"<s>\"}, \"added_tokens_decoder\": {\"6\": {\"content\":"
            + " \"<|end|>\", \"special\": false}, \"9\": {\"content\": \"far\"}}}");
    Map<String, GgufValue> keys = read();
    assertThat(keys).containsEntry("tokenizer.ggml.model", new GgufValue.Str("llama"));
    assertThat(keys).containsEntry("tokenizer.ggml.bos_token_id", new GgufValue.U32(1));
    assertThat(keys).containsEntry("tokenizer.ggml.add_space_prefix", new GgufValue.Bool(false));
    assertThat(strings(keys.get("tokenizer.ggml.tokens")))
        .containsExactly("<unk>", "<s>", "</s>", "a", "▁", "▁a", "<|end|>", "[PAD7]");
    assertThat(keys.get("tokenizer.ggml.token_type"))
        .isEqualTo(GgufArray.ofInts(2, 3, 3, 1, 1, 1, 3, 5));
    assertThat(keys.get("tokenizer.ggml.scores"))
        .isEqualTo(GgufArray.ofFloats(0, 0, 0, -1, -2, -3.5f, -1000, -1000));
  }

  @Test
  void refusesDamagedAndOtherSentencePieceModels() throws IOException {
    Path file = folder.resolve("tokenizer.model");
    byte[] good = sentencePiece(2);
    for (int length = 0; length < good.length - 8; length++) {
      Files.write(file, Arrays.copyOf(good, length));
      try {
        read();
      } catch (ForegateException e) {
        assertThat(e).hasMessageContaining("tokenizer.model");
      }
    }
    Files.write(file, sentencePiece(1));
    assertThatThrownBy(this::read)
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("type 1, expected 2 (BPE)");
  }

  /** As tokenizer.json has SentencePiece's pairs: the order of merges makes the scores. */
  @Test
  void readsPiecesFromTokenizerJson() throws IOException {
    config(6);
    write(
        "tokenizer.json",
        JSON.readTree(
            "{\"model\": {\"type\": \"BPE\", \"byte_fallback\": true, \"unk_token\": \"<unk>\","
                + " \"vocab\": {\"<unk>\": 0, \"<0x0A>\": 1, \"a\": 2, \"b\": 3, \"ab\": 4,"
                + " \"aba\": 5}, \"merges\": [\"a b\", \"ab a\", \"a ba\"]}, \"normalizer\":"
                + " {\"type\": \"Prepend\"}}"));
    Map<String, GgufValue> keys = read();
    assertThat(keys.get("tokenizer.ggml.scores"))
        .isEqualTo(GgufArray.ofFloats(-3, -3, -3, -3, 0, -1));
    assertThat(keys.get("tokenizer.ggml.token_type")).isEqualTo(GgufArray.ofInts(2, 6, 1, 1, 1, 1));
    assertThat(keys).containsEntry("tokenizer.ggml.add_space_prefix", new GgufValue.Bool(true));
  }

  @Test
  void refusesWhatGgufDoesNotKnow() throws IOException {
    assertThatThrownBy(this::read)
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("neither tokenizer.json nor tokenizer.model");
    ObjectNode json = TinyTokenizer.json();
    ((ObjectNode) json.get("model")).put("type", "Unigram");
    write("tokenizer.json", json);
    assertThatThrownBy(this::read)
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("'Unigram'");
    json = TinyTokenizer.json();
    json.putObject("normalizer").put("type", "Lowercase");
    write("tokenizer.json", json);
    assertThatThrownBy(this::read)
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("'Lowercase'");
    config(100);
    write("tokenizer.json", TinyTokenizer.json());
    assertThatThrownBy(this::read)
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("'vocab_size' is 100");
  }

  /** A model as sentencepiece_model.proto has it: pieces, trainer and normalizer. */
  private static byte[] sentencePiece(int type) {
    var out = new ByteArrayOutputStream();
    piece(out, "<unk>", 0, 2);
    piece(out, "<s>", 0, 3);
    piece(out, "</s>", 0, 3);
    piece(out, "a", -1, 1);
    piece(out, "▁", -2, 1);
    piece(out, "▁a", -3.5f, 1);
    field(out, 2, new byte[] {3 << 3, (byte) type});
    field(out, 3, new byte[] {3 << 3, 0});
    return out.toByteArray();
  }

  private static void piece(ByteArrayOutputStream out, String text, float score, int type) {
    var piece = new ByteArrayOutputStream();
    field(piece, 1, text.getBytes(StandardCharsets.UTF_8));
    piece.write(2 << 3 | 5);
    piece.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(score).array());
    piece.write(3 << 3);
    piece.write(type);
    field(out, 1, piece.toByteArray());
  }

  private static void field(ByteArrayOutputStream out, int number, byte[] bytes) {
    out.write(number << 3 | 2);
    out.write(bytes.length);
    out.writeBytes(bytes);
  }
}
