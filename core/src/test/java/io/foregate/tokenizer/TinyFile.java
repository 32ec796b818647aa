package io.foregate.tokenizer;

import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufMetadata;
import io.foregate.gguf.GgufValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Builds the tokenizer metadata of a made-up file. */
final class TinyFile {
  private final List<String> tokens = new ArrayList<>();
  private final List<Float> scores = new ArrayList<>();
  private final List<Integer> types = new ArrayList<>();
  private final Map<String, GgufValue> rest = new LinkedHashMap<>();

  private TinyFile(String model) {
    with("tokenizer.ggml.model", model);
  }

  /** An empty SentencePiece vocabulary. */
  static TinyFile sentencePiece() {
    return new TinyFile("llama");
  }

  /** A byte-level vocabulary whose first 256 tokens are the bytes. */
  static TinyFile bytePair(String pre, String... merges) {
    var file = new TinyFile("gpt2").with("tokenizer.ggml.pre", pre);
    for (int b = 0; b < 256; b++) {
      file.token(Character.toString(ByteAlphabet.charOf(b)), 0, TokenType.NORMAL);
    }
    for (String merge : merges) {
      file.token(merge.replace(" ", ""), 0, TokenType.NORMAL);
    }
    return file.withMerges(merges);
  }

  TinyFile withMerges(String... merges) {
    rest.put("tokenizer.ggml.merges", GgufArray.ofStrings(List.of(merges)));
    return this;
  }

  /** All 256 byte tokens, {@code <0x00>} to {@code <0xFF>}. */
  TinyFile bytes() {
    for (int b = 0; b < 256; b++) {
      token("<0x%02X>".formatted(b), 0, TokenType.BYTE);
    }
    return this;
  }

  TinyFile token(String text, float score, TokenType type) {
    tokens.add(text);
    scores.add(score);
    types.add(type.code());
    return this;
  }

  TinyFile with(String key, String value) {
    rest.put(key, new GgufValue.Str(value));
    return this;
  }

  TinyFile with(String key, boolean value) {
    rest.put(key, new GgufValue.Bool(value));
    return this;
  }

  TinyFile with(String key, long value) {
    rest.put(key, new GgufValue.U32(value));
    return this;
  }

  /** The id that the next token gets. */
  int next() {
    return tokens.size();
  }

  GgufMetadata metadata() {
    var values = new LinkedHashMap<String, GgufValue>(rest);
    var floats = new float[scores.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = scores.get(i);
    }
    values.put("tokenizer.ggml.tokens", GgufArray.ofStrings(tokens));
    values.put("tokenizer.ggml.scores", GgufArray.ofFloats(floats));
    values.put(
        "tokenizer.ggml.token_type",
        GgufArray.ofInts(types.stream().mapToInt(Integer::intValue).toArray()));
    return GgufMetadata.of("tiny.gguf", values);
  }

  Tokenizer tokenizer() {
    return Tokenizer.of(metadata());
  }
}
