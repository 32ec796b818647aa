package io.foregate.safetensors;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.error.ForegateException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The header of a safetensors file (github.com/huggingface/safetensors): its length in 8 bytes,
 * then JSON, then the tensors' bytes, little-endian, without holes or overlaps up to the file's
 * end.
 *
 * @param tensors by name, in the header's order; they lie inside the file
 * @param metadata the strings of {@code __metadata__}; empty if there is none
 * @param dataOffset where the tensors' bytes begin in the file
 */
public record SafetensorsHeader(
    Map<String, TensorEntry> tensors, Optional<Map<String, String>> metadata, long dataOffset) {
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final String METADATA = "__metadata__";

  /** What the reference implementation accepts. */
  private static final long MAX_HEADER = 100_000_000;

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /**
   * Reads and checks the header of a file.
   *
   * @param file all bytes of the file
   * @param hint what to do about a damaged one
   * @throws ForegateException if the file is not such a file from its first byte to its last
   */
  public static SafetensorsHeader read(Path path, MemorySegment file, String hint) {
    return new Parser(path, file, hint).parse();
  }

  private record Parser(Path path, MemorySegment file, String hint) {

    SafetensorsHeader parse() {
      JsonNode root = root();
      long dataOffset = 8 + file.get(LONG, 0);
      Map<String, TensorEntry> tensors = new LinkedHashMap<>();
      root.properties()
          .forEach(
              field -> {
                if (!field.getKey().equals(METADATA)) {
                  tensors.put(field.getKey(), entry(field.getKey(), field.getValue()));
                }
              });
      requireNoHoles(tensors, file.byteSize() - dataOffset);
      return new SafetensorsHeader(
          Collections.unmodifiableMap(tensors), metadata(root), dataOffset);
    }

    private JsonNode root() {
      if (file.byteSize() < 8) {
        throw damaged("it has %d bytes, too few for a header".formatted(file.byteSize()));
      }
      long length = file.get(LONG, 0);
      if (length < 2 || length > Math.min(MAX_HEADER, file.byteSize() - 8)) {
        throw damaged(
            "its header claims %s bytes, expected 2 to %d in a file of %d"
                .formatted(
                    Long.toUnsignedString(length),
                    Math.min(MAX_HEADER, file.byteSize() - 8),
                    file.byteSize()));
      }
      byte[] json = file.asSlice(8, length).toArray(ValueLayout.JAVA_BYTE);
      try {
        JsonNode root = JSON.readTree(new String(json, StandardCharsets.UTF_8));
        if (root == null || !root.isObject()) {
          throw damaged("its header is no JSON object");
        }
        return root;
      } catch (JsonProcessingException | StackOverflowError e) {
        throw damaged("its header is not JSON");
      }
    }

    private static Optional<Map<String, String>> metadata(JsonNode root) {
      JsonNode node = root.path(METADATA);
      if (!node.isObject()) {
        return Optional.empty();
      }
      Map<String, String> values = new LinkedHashMap<>();
      node.properties().forEach(field -> values.put(field.getKey(), field.getValue().asText()));
      return Optional.of(values);
    }

    private TensorEntry entry(String name, JsonNode node) {
      JsonNode offsets = node.path("data_offsets");
      long begin = offsets.path(0).asLong(-1);
      long end = offsets.path(1).asLong(-1);
      long data = file.byteSize() - 8 - file.get(LONG, 0);
      if (begin < 0 || end < begin || end > data) {
        throw damaged("tensor '%s' lies at bytes %d to %d of %d".formatted(name, begin, end, data));
      }
      List<Long> shape = new ArrayList<>();
      long elements = 1;
      for (JsonNode n : node.path("shape")) {
        long length = n.asLong(-1);
        if (length < 0 || (length > 0 && elements > Long.MAX_VALUE / length)) {
          throw damaged("tensor '%s' has shape %s".formatted(name, node.path("shape")));
        }
        elements *= length;
        shape.add(length);
      }
      return new TensorEntry(node.path("dtype").asText(), shape, begin, end);
    }

    private void requireNoHoles(Map<String, TensorEntry> tensors, long data) {
      List<TensorEntry> sorted = new ArrayList<>(tensors.values());
      sorted.sort(
          (a, b) ->
              a.begin() != b.begin()
                  ? Long.compare(a.begin(), b.begin())
                  : Long.compare(a.end(), b.end()));
      long at = 0;
      for (TensorEntry entry : sorted) {
        if (entry.begin() != at) {
          throw damaged("its tensors overlap or leave holes at byte %d".formatted(at));
        }
        at = entry.end();
      }
      if (at != data) {
        throw damaged("its tensors take %d bytes, and it has %d".formatted(at, data));
      }
    }

    private ForegateException damaged(String why) {
      return new ForegateException("%s: the file is damaged: %s".formatted(path, why), hint);
    }
  }
}
