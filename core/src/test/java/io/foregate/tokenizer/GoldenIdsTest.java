package io.foregate.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufMetadata;
import io.foregate.gguf.GgufValue;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Ids against llama.cpp's, for many texts and every way of splitting that it treats apart. The
 * golden files come from scripts/oracle/tokenizer.
 */
class GoldenIdsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A vocabulary file, and what is changed in its metadata. */
  record Variant(String name, String base, Map<String, GgufValue> changes) {
    @Override
    public String toString() {
      return name;
    }

    boolean addsSpace() {
      return base.equals("spm.gguf") && !changes.containsKey("tokenizer.ggml.add_space_prefix");
    }

    Tokenizer tokenizer() throws IOException, URISyntaxException {
      try (GgufFile file = GgufFile.open(Path.of(resource(base).toURI()))) {
        var values = new LinkedHashMap<>(file.metadata().asMap());
        values.putAll(changes);
        return Tokenizer.of(GgufMetadata.of(base, values));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void givesTheIdsOfLlamaCpp(Variant variant) throws IOException, URISyntaxException {
    Tokenizer tokenizer = variant.tokenizer();
    JsonNode golden = golden(variant);
    List<String> differences = new ArrayList<>();

    List<String> texts = texts();
    assertThat(texts).hasSizeGreaterThan(500).hasSameSizeAs(golden.get("plain"));
    for (int i = 0; i < texts.size(); i++) {
      int[] plain = ints(golden.get("plain").get(i));
      JsonNode special = golden.get("special").get(Integer.toString(i));
      compare(texts.get(i), plain, tokenizer.encode(texts.get(i), false, false), differences);
      compare(
          texts.get(i),
          special == null ? plain : ints(special),
          tokenizer.encode(texts.get(i), false, true),
          differences);
    }
    assertThat(differences).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("variants")
  void endsGenerationsAsLlamaCppDoes(Variant variant) throws IOException, URISyntaxException {
    Tokenizer tokenizer = variant.tokenizer();
    List<Integer> ends = new ArrayList<>();

    for (int id = 0; id < tokenizer.size(); id++) {
      if (tokenizer.isEndOfGeneration(id)) {
        ends.add(id);
      }
    }
    assertThat(ends).isNotEmpty().containsExactly(boxed(golden(variant).get("endOfGeneration")));
  }

  @ParameterizedTest
  @MethodSource("variants")
  void decodesWhatItEncoded(Variant variant) throws IOException, URISyntaxException {
    Tokenizer tokenizer = variant.tokenizer();

    for (String text : texts()) {
      if (variant.addsSpace() && text.contains("<tool>")) {
        continue; // SentencePiece adds a space after a special token too, and it stays
      }
      int[] ids = tokenizer.encode(text, false, false);
      // U+2581 is how SentencePiece writes a space: it does not survive.
      String expected = variant.base().startsWith("spm") ? text.replace('▁', ' ') : text;
      assertThat(tokenizer.decode(ids, 0, ids.length, true)).isEqualTo(expected);
    }
  }

  private static void compare(String text, int[] expected, int[] found, List<String> differences) {
    if (!Arrays.equals(expected, found)) {
      differences.add(
          "%s: expected %s, found %s"
              .formatted(
                  JSON.valueToTree(text), Arrays.toString(expected), Arrays.toString(found)));
    }
  }

  private static Stream<Variant> variants() throws IOException {
    JsonNode listed = JSON.readTree(bytes("variants.json"));
    return StreamSupport.stream(listed.spliterator(), false).map(GoldenIdsTest::variant);
  }

  private static Variant variant(JsonNode listed) {
    var changes = new LinkedHashMap<String, GgufValue>();
    listed.get("set").properties().forEach(e -> changes.put(e.getKey(), value(e.getValue())));
    return new Variant(listed.get("name").asText(), listed.get("base").asText(), changes);
  }

  private static GgufValue value(JsonNode json) {
    if (json.isArray()) {
      var floats = new float[json.size()];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = json.get(i).floatValue();
      }
      return GgufArray.ofFloats(floats);
    }
    return json.isBoolean()
        ? new GgufValue.Bool(json.booleanValue())
        : new GgufValue.Str(json.textValue());
  }

  private static List<String> texts() throws IOException {
    return List.of(JSON.readValue(bytes("texts.json"), String[].class));
  }

  private static JsonNode golden(Variant variant) throws IOException {
    byte[] zipped = bytes("ids/" + variant.name() + ".json.gz");
    try (var in = new GZIPInputStream(new ByteArrayInputStream(zipped))) {
      return JSON.readTree(in);
    }
  }

  private static int[] ints(JsonNode ids) {
    return JSON.convertValue(ids, int[].class);
  }

  private static Integer[] boxed(JsonNode ids) {
    return JSON.convertValue(ids, Integer[].class);
  }

  private static byte[] bytes(String name) throws IOException {
    try (InputStream in = resource(name).openStream()) {
      return in.readAllBytes();
    }
  }

  private static URL resource(String name) {
    return GoldenIdsTest.class.getResource("/tokenizer/" + name);
  }
}
