package io.foregate.gguf;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A file's metadata by the {@link MetadataKey}s that Foregate knows: the only way to read them. A
 * key that the file's architecture does not read is absent, whatever the file says. Immutable.
 */
public final class KnownValues {
  private final GgufMetadata metadata;
  private final String architecture;

  private KnownValues(GgufMetadata metadata, String architecture) {
    this.metadata = metadata;
    this.architecture = architecture;
  }

  /** The values of a file, which need not be a model's. */
  public static KnownValues of(GgufMetadata metadata) {
    GgufValue name = metadata.get(MetadataKey.ARCHITECTURE.pattern()).orElse(null);
    return new KnownValues(metadata, name instanceof GgufValue.Str(String text) ? text : "");
  }

  /**
   * The values of a model.
   *
   * @throws GgufException if the file does not name its architecture
   */
  public static KnownValues ofModel(GgufMetadata metadata) {
    return new KnownValues(metadata, metadata.string(MetadataKey.ARCHITECTURE.pattern()));
  }

  /** What the file's model is; empty where it does not say so. */
  public String architecture() {
    return architecture;
  }

  /** A key as this file writes it. */
  public String name(MetadataKey key) {
    return key.in(architecture);
  }

  /** Whether the architecture reads the key, and the file has it. */
  public boolean has(MetadataKey key) {
    return key.isReadBy(architecture) && metadata.contains(name(key));
  }

  /** A text; the fallback value where there is none. */
  public String text(MetadataKey key) {
    return usesFallback(key) ? key.fallback() : metadata.string(name(key));
  }

  /** A text, or empty. */
  public Optional<String> findText(MetadataKey key) {
    return has(key) ? Optional.of(metadata.string(name(key))) : Optional.empty();
  }

  /** A whole number of 32 bits; the fallback value where there is none. */
  public int count(MetadataKey key) {
    return usesFallback(key) ? Integer.parseInt(key.fallback()) : metadata.integer(name(key));
  }

  /** A whole number of 64 bits, or another. */
  public long longCount(MetadataKey key, long fallback) {
    return has(key) ? metadata.longInteger(name(key)) : fallback;
  }

  /** Whether the file has a number for each layer, instead of one for all. */
  public boolean isPerLayer(MetadataKey key) {
    return has(key) && metadata.get(name(key)).orElseThrow() instanceof GgufArray;
  }

  /**
   * A number for each layer; truth values count as 0 and 1.
   *
   * @param layers how many numbers an array must have
   * @throws GgufException if it has another number of them, or others than whole numbers
   */
  public int[] perLayer(MetadataKey key, int layers) {
    if (!isPerLayer(key)) {
      var same = new int[layers];
      Arrays.fill(same, count(key));
      return same;
    }
    var array = (GgufArray) metadata.get(name(key)).orElseThrow();
    if (array.size() != layers) {
      throw new GgufException(
          "%s: metadata '%s' has %d numbers, expected one for each of %d layers"
              .formatted(metadata.source(), name(key), array.size(), layers),
          "The model was converted in a way that Foregate does not know: convert it again.",
          -1);
    }
    if (array.elementType() != GgufValue.Type.BOOL) {
      return metadata.ints(name(key));
    }
    var flags = new int[layers];
    for (int i = 0; i < layers; i++) {
      flags[i] = array.get(i).equals(new GgufValue.Bool(true)) ? 1 : 0;
    }
    return flags;
  }

  /** A number; the fallback value where there is none. */
  public float real(MetadataKey key) {
    return usesFallback(key) ? Float.parseFloat(key.fallback()) : metadata.real(name(key));
  }

  /** A number, or empty. */
  public Optional<Float> findReal(MetadataKey key) {
    return has(key) ? Optional.of(metadata.real(name(key))) : Optional.empty();
  }

  /** A truth value; the fallback value where there is none. */
  public boolean flag(MetadataKey key) {
    return usesFallback(key) ? Boolean.parseBoolean(key.fallback()) : metadata.bool(name(key));
  }

  /** A truth value, or another. */
  public boolean flag(MetadataKey key, boolean fallback) {
    return has(key) ? metadata.bool(name(key)) : fallback;
  }

  /** Texts. */
  public List<String> texts(MetadataKey key) {
    return metadata.strings(name(key));
  }

  /** Whole numbers as a new array. */
  public int[] counts(MetadataKey key) {
    return metadata.ints(name(key));
  }

  /** Numbers as a new array, or empty. */
  public Optional<float[]> findReals(MetadataKey key) {
    return has(key) ? Optional.of(metadata.floats(name(key))) : Optional.empty();
  }

  /** Whole numbers as a new array, or empty. */
  public Optional<int[]> findCounts(MetadataKey key) {
    return has(key) ? Optional.of(metadata.ints(name(key))) : Optional.empty();
  }

  /**
   * What a file of any architecture says, for descriptions: the largest of several numbers; empty
   * where there is no number above 0.
   */
  public OptionalInt glimpse(MetadataKey key) {
    Optional<GgufValue> value = metadata.get(name(key));
    if (value.isEmpty()) {
      return OptionalInt.empty();
    }
    LongStream numbers =
        value.get() instanceof GgufArray array
            ? IntStream.range(0, array.size())
                .mapToLong(i -> GgufMetadata.toLong(array.get(i)).orElse(0L))
            : LongStream.of(GgufMetadata.toLong(value.get()).orElse(0L));
    long largest = numbers.max().orElse(0);
    return largest > 0 && largest <= Integer.MAX_VALUE
        ? OptionalInt.of((int) largest)
        : OptionalInt.empty();
  }

  /** As {@link #glimpse}, of a text: empty where there is none. */
  public String glimpseText(MetadataKey key) {
    return metadata.get(name(key)).orElse(null) instanceof GgufValue.Str(String text) ? text : "";
  }

  private boolean usesFallback(MetadataKey key) {
    return key.hasFallbackValue() && !has(key);
  }
}
