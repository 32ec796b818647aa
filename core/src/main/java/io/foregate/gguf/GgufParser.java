package io.foregate.gguf;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Turns the header of a GGUF file into what it says, or into a {@link GgufException}. Independent
 * of where the bytes come from; touches no tensor data.
 */
final class GgufParser {
  static final String ALIGNMENT_KEY = "general.alignment";
  static final int DEFAULT_ALIGNMENT = 32;
  static final int MIN_ALIGNMENT = 8;
  static final int MAX_ALIGNMENT = 1 << 20; // also ggml's bound
  static final int MAX_KEY_BYTES = 65535;
  static final int MAX_NAME_BYTES = 64;

  private static final int MAGIC = 0x46554747; // "GGUF"
  private static final int MAX_STRING_BYTES = 1 << 24;
  private static final int MAX_ARRAY_DEPTH = 8; // no known file nests arrays at all

  // The smallest entries: a name of one byte, one dimension; a key of one byte, a value of one.
  private static final int MIN_TENSOR_BYTES = 8 + 1 + 4 + 8 + 4 + 8;
  private static final int MIN_METADATA_BYTES = 8 + 1 + 4 + 1;

  // Generous: a map entry, a string and its bytes, a record, a list of boxed dimensions.
  private static final int HEAP_PER_ENTRY = 256;
  private static final int HEAP_PER_ARRAY = 96;

  /** What a header says. */
  record Header(
      int version,
      long alignment,
      long dataOffset,
      GgufMetadata metadata,
      List<GgufTensor> tensors) {}

  /** A tensor, and where in the file its offset is written: the place to blame. */
  private record Placed(GgufTensor tensor, long offsetAt) {}

  private final MemorySegment file;
  private final String source;
  private final HeaderReader in;
  private final Map<String, GgufValue> metadata = new LinkedHashMap<>();
  private final List<Placed> tensors = new ArrayList<>();
  private long alignment = DEFAULT_ALIGNMENT;

  private GgufParser(MemorySegment file, String source, long heap) {
    this.file = file;
    this.source = source;
    this.in = new HeaderReader(file, source, heap);
  }

  /**
   * @param file the whole file
   * @param source its name, for messages
   * @param heap bytes of Java's memory that may be used
   */
  static Header parse(MemorySegment file, String source, long heap) {
    return new GgufParser(file, source, heap).header();
  }

  /** What tensors take of Java's memory, as it is counted while they are read. */
  static long heap(List<GgufTensor> tensors) {
    return tensors.stream().mapToLong(t -> HEAP_PER_ENTRY + 3L * t.name().length()).sum();
  }

  private Header header() {
    if (in.remaining() < Integer.BYTES || in.u32("the magic number") != MAGIC) {
      throw ForeignFormat.describe(file, source);
    }
    int version = version();
    long tensorCount = in.count("the number of tensors", MIN_TENSOR_BYTES);
    long metadataCount = in.count("the number of metadata values", MIN_METADATA_BYTES);
    for (long i = 0; i < metadataCount; i++) {
      metadataEntry(i);
    }
    Set<String> names = new HashSet<>();
    for (long i = 0; i < tensorCount; i++) {
      tensors.add(tensorInfo(i, names));
    }
    long dataOffset = align(in.position());
    requireInFile(dataOffset);
    requireDisjoint();
    return new Header(
        version,
        alignment,
        dataOffset,
        GgufMetadata.of(source, metadata),
        tensors.stream().map(Placed::tensor).toList());
  }

  private int version() {
    long at = in.position();
    int version = in.u32("the version");
    if (version == 2 || version == 3) {
      return version;
    }
    String hint = "Convert the model again with a current version of llama.cpp's converter.";
    String found = "is GGUF version " + Integer.toUnsignedString(version);
    if (version != 0 && (version & 0xFFFF) == 0) {
      found = "is a big-endian GGUF file";
      hint = "Convert the model again for little-endian machines.";
    } else if (version < 0 || version > 3) {
      hint = "Use a newer Foregate, or convert the model again to GGUF version 3.";
    }
    throw new GgufException(
        "%s: the file %s at byte %d, expected little-endian version 2 or 3"
            .formatted(source, found, at),
        hint,
        at);
  }

  private void metadataEntry(long index) {
    long at = in.position();
    String key = in.string("metadata key " + index, MAX_KEY_BYTES);
    if (key.isEmpty()) {
      throw in.bad("metadata key " + index, at, "empty", "a name");
    }
    String field = "metadata " + Quote.of(key);
    in.reserveHeap(HEAP_PER_ENTRY, field, at);
    GgufValue.Type type = valueType("the type of " + field);
    long valueAt = in.position();
    if (metadata.putIfAbsent(key, value(type, field, 1)) != null) {
      throw in.bad(field, at, "there a second time", "every key once");
    }
    if (key.equals(ALIGNMENT_KEY)) {
      alignment = checkedAlignment(metadata.get(key), valueAt);
    }
  }

  private GgufValue.Type valueType(String field) {
    long at = in.position();
    int id = in.u32(field);
    return GgufValue.Type.find(id)
        .orElseThrow(
            () -> in.bad(field, at, Integer.toUnsignedString(id), "a value type from 0 to 12"));
  }

  private GgufValue value(GgufValue.Type type, String field, int depth) {
    return switch (type) {
      case STRING -> new GgufValue.Str(in.string(field, MAX_STRING_BYTES));
      case ARRAY -> array(field, depth);
      default -> in.scalar(type, field);
    };
  }

  private GgufArray array(String field, int depth) {
    long at = in.position();
    if (depth > MAX_ARRAY_DEPTH) {
      throw in.bad(field, at, "an array " + depth + " deep", "at most " + MAX_ARRAY_DEPTH);
    }
    in.reserveHeap(HEAP_PER_ARRAY, field, at);
    GgufValue.Type type = valueType("the element type of " + field);
    long count = in.count("the length of " + field, type.minBytes());
    return switch (type) {
      case STRING -> in.strings(count, field);
      case ARRAY -> {
        List<GgufArray> elements = new ArrayList<>();
        for (long i = 0; i < count; i++) {
          elements.add(array(field, depth + 1));
        }
        yield GgufArray.ofArrays(elements);
      }
      default -> in.scalars(type, count, field);
    };
  }

  private long checkedAlignment(GgufValue value, long at) {
    Optional<Long> bytes = GgufMetadata.toLong(value);
    if (bytes.isEmpty() || !isAlignment(bytes.get())) {
      throw in.bad(
          "metadata " + Quote.of(ALIGNMENT_KEY),
          at,
          value.toString(),
          "a power of two from %d to %d".formatted(MIN_ALIGNMENT, MAX_ALIGNMENT));
    }
    return bytes.get();
  }

  static boolean isAlignment(long bytes) {
    return bytes >= MIN_ALIGNMENT && bytes <= MAX_ALIGNMENT && Long.bitCount(bytes) == 1;
  }

  private Placed tensorInfo(long index, Set<String> names) {
    long at = in.position();
    String name = in.string("the name of tensor " + index, MAX_NAME_BYTES);
    if (name.isEmpty() || !names.add(name)) {
      String found = name.isEmpty() ? "empty" : Quote.of(name) + ", a second time";
      throw in.bad("the name of tensor " + index, at, found, "a name of its own");
    }
    String field = "tensor " + Quote.of(name);
    in.reserveHeap(HEAP_PER_ENTRY, field, at);
    List<Long> shape = shape(field);
    GgmlType type = tensorType(field, shape);
    long offsetAt = in.position();
    long offset = in.u64("the offset of " + field);
    if (offset < 0 || offset % alignment != 0) {
      throw in.bad(
          "the offset of " + field,
          offsetAt,
          Long.toUnsignedString(offset),
          "a multiple of the alignment, " + alignment);
    }
    return new Placed(new GgufTensor(name, type, shape, offset), offsetAt);
  }

  private List<Long> shape(String field) {
    long at = in.position();
    int rank = in.u32("the number of dimensions of " + field);
    if (rank < 1 || rank > GgufTensor.MAX_RANK) {
      throw in.bad(
          "the number of dimensions of " + field, at, Integer.toUnsignedString(rank), "1 to 4");
    }
    List<Long> shape = new ArrayList<>(rank);
    long elements = 1;
    for (int i = 0; i < rank; i++) {
      long dimensionAt = in.position();
      long dimension = in.u64("dimension " + i + " of " + field);
      if (dimension <= 0 || dimension > Long.MAX_VALUE / elements) {
        throw in.bad(
            "dimension " + i + " of " + field,
            dimensionAt,
            Long.toUnsignedString(dimension),
            "from 1 to " + Long.MAX_VALUE / elements);
      }
      elements *= dimension;
      shape.add(dimension);
    }
    return shape;
  }

  private GgmlType tensorType(String field, List<Long> shape) {
    long at = in.position();
    int id = in.u32("the type of " + field);
    GgmlType type =
        GgmlType.find(id)
            .orElseThrow(
                () ->
                    in.bad(
                        "the type of " + field,
                        at,
                        Integer.toUnsignedString(id),
                        "one of " + GgmlType.knownTypes()));
    long row = shape.getFirst();
    if (row % type.blockSize() != 0) {
      throw in.bad(
          "the type of " + field,
          at,
          "%s with rows of %d elements".formatted(type, row),
          "rows that are a multiple of %d".formatted(type.blockSize()));
    }
    long blocks = shape.stream().reduce(1L, (a, b) -> a * b) / type.blockSize();
    if (blocks > file.byteSize() / type.blockBytes()) {
      throw in.bad(
          "the size of " + field,
          at,
          "%d %s blocks of %d bytes".formatted(blocks, type, type.blockBytes()),
          "at most the file's %d bytes".formatted(file.byteSize()));
    }
    return type;
  }

  private long align(long position) {
    return (position + alignment - 1) & -alignment;
  }

  private void requireInFile(long dataOffset) {
    long dataSize = Math.max(0, file.byteSize() - dataOffset);
    for (Placed placed : tensors) {
      GgufTensor tensor = placed.tensor();
      if (tensor.offset() > dataSize - tensor.byteSize()) {
        throw in.bad(
            "the data of tensor " + Quote.of(tensor.name()) + ", by its offset",
            placed.offsetAt(),
            "from byte %s to %s"
                .formatted(
                    Long.toUnsignedString(dataOffset + tensor.offset()),
                    Long.toUnsignedString(dataOffset + tensor.offset() + tensor.byteSize())),
            "an end at byte %d, where the file ends".formatted(file.byteSize()));
      }
    }
  }

  private void requireDisjoint() {
    List<Placed> byOffset = new ArrayList<>(tensors);
    byOffset.sort(Comparator.comparingLong(placed -> placed.tensor().offset()));
    for (int i = 1; i < byOffset.size(); i++) {
      GgufTensor before = byOffset.get(i - 1).tensor();
      Placed next = byOffset.get(i);
      long end = before.offset() + before.byteSize();
      if (next.tensor().offset() < end) {
        throw in.bad(
            "the offset of tensor " + Quote.of(next.tensor().name()),
            next.offsetAt(),
            Long.toString(next.tensor().offset()),
            "at least %d, where tensor %s ends".formatted(end, Quote.of(before.name())));
      }
    }
  }
}
