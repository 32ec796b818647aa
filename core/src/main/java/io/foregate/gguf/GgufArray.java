package io.foregate.gguf;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * A metadata array: elements of one type, which may be arrays again.
 *
 * <p>Elements are kept as the file encodes them and decoded when asked for: a vocabulary of a
 * quarter million strings costs little more heap than it takes in the file. Immutable; equal to
 * another array with the same element type and the same bytes.
 */
public final class GgufArray implements GgufValue {
  private static final int[] NO_STARTS = {};

  private final Type elementType;
  private final int size;
  private final byte[] data; // the elements' encoding; empty for an array of arrays
  private final int[] starts; // of strings only: where each length field begins, and data's end
  private final List<GgufArray> nested; // of arrays only

  private GgufArray(Type elementType, int size, byte[] data, int[] starts, List<GgufArray> nested) {
    this.elementType = elementType;
    this.size = size;
    this.data = data;
    this.starts = starts;
    this.nested = nested;
  }

  /** Takes over the checked encoding of fixed-size elements. */
  static GgufArray ofScalars(Type elementType, byte[] data) {
    int size = data.length / elementType.minBytes();
    return new GgufArray(elementType, size, data, NO_STARTS, List.of());
  }

  /**
   * Takes over the checked encoding of strings.
   *
   * @param starts where in data each string's length field begins, and then data's length
   */
  static GgufArray ofStrings(byte[] data, int[] starts) {
    return new GgufArray(Type.STRING, starts.length - 1, data, starts, List.of());
  }

  static GgufArray ofArrays(List<GgufArray> arrays) {
    return new GgufArray(Type.ARRAY, arrays.size(), new byte[0], NO_STARTS, List.copyOf(arrays));
  }

  /**
   * An array of the given elements.
   *
   * @throws IllegalArgumentException if an element is of another type
   */
  public static GgufArray of(Type elementType, List<? extends GgufValue> elements) {
    for (GgufValue element : elements) {
      if (element.type() != elementType) {
        throw new IllegalArgumentException(element + " is not a " + elementType);
      }
    }
    if (elementType == Type.ARRAY) {
      return ofArrays(elements.stream().map(GgufArray.class::cast).toList());
    }
    var out = new GgufEncoding.Output();
    var starts = new int[elements.size() + 1];
    for (int i = 0; i < elements.size(); i++) {
      out.value(elements.get(i));
      starts[i + 1] = out.size();
    }
    return elementType == Type.STRING
        ? ofStrings(out.toByteArray(), starts)
        : ofScalars(elementType, out.toByteArray());
  }

  /** An array of {@link Type#STRING}. */
  public static GgufArray ofStrings(List<String> strings) {
    return of(Type.STRING, strings.stream().map(Str::new).toList());
  }

  /** An array of {@link Type#F32}. */
  public static GgufArray ofFloats(float... values) {
    var out = new GgufEncoding.Output();
    for (float value : values) {
      out.u32(Float.floatToRawIntBits(value));
    }
    return ofScalars(Type.F32, out.toByteArray());
  }

  /** An array of {@link Type#I32}. */
  public static GgufArray ofInts(int... values) {
    var out = new GgufEncoding.Output();
    for (int value : values) {
      out.u32(value);
    }
    return ofScalars(Type.I32, out.toByteArray());
  }

  @Override
  public Type type() {
    return Type.ARRAY;
  }

  /** The type of every element. */
  public Type elementType() {
    return elementType;
  }

  /** Number of elements. */
  public int size() {
    return size;
  }

  /** Element {@code i}, decoded anew. */
  public GgufValue get(int i) {
    return switch (elementType) {
      case ARRAY -> nested.get(i);
      case STRING -> new Str(string(i));
      default -> {
        long at = (long) i * elementType.minBytes();
        yield GgufEncoding.readScalar(elementType, MemorySegment.ofArray(data), at);
      }
    };
  }

  /** All elements, each decoded when it is asked for. */
  public List<GgufValue> values() {
    return new View<>(size, this::get);
  }

  /** All strings, each decoded when it is asked for; only for an array of strings. */
  List<String> strings() {
    return new View<>(size, this::string);
  }

  private String string(int i) {
    int start = starts[i] + Long.BYTES;
    return new String(data, start, starts[i + 1] - start, StandardCharsets.UTF_8);
  }

  /** Appends element type, count and elements, as in a file. */
  GgufEncoding.Output encode(GgufEncoding.Output out) {
    out.u32(elementType.id()).u64(size).raw(data);
    nested.forEach(array -> array.encode(out));
    return out;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof GgufArray that
        && elementType == that.elementType
        && Arrays.equals(data, that.data)
        && nested.equals(that.nested);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * elementType.hashCode() + Arrays.hashCode(data)) + nested.hashCode();
  }

  @Override
  public String toString() {
    int shown = Math.min(size, 8);
    var elements = IntStream.range(0, shown).mapToObj(this::get).toList();
    return "%d x %s %s%s".formatted(size, elementType, elements, shown < size ? " ..." : "");
  }

  /** A read-only list over the elements, which keeps no decoded ones. */
  private static final class View<E> extends AbstractList<E> implements RandomAccess {
    private final int size;
    private final IntFunction<E> decode;

    View(int size, IntFunction<E> decode) {
      this.size = size;
      this.decode = decode;
    }

    @Override
    public E get(int i) {
      Objects.checkIndex(i, size);
      return decode.apply(i);
    }

    @Override
    public int size() {
      return size;
    }
  }
}
