package io.foregate.gguf;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** The encoding of numbers, strings and values, the same for fields, scalars and array elements. */
final class GgufEncoding {
  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private GgufEncoding() {}

  /** The value at {@code at}; strings and arrays are no business of this method. */
  static GgufValue readScalar(GgufValue.Type type, MemorySegment from, long at) {
    return switch (type) {
      case U8 -> new GgufValue.U8(from.get(ValueLayout.JAVA_BYTE, at) & 0xFF);
      case I8 -> new GgufValue.I8(from.get(ValueLayout.JAVA_BYTE, at));
      case U16 -> new GgufValue.U16(from.get(SHORT, at) & 0xFFFF);
      case I16 -> new GgufValue.I16(from.get(SHORT, at));
      case U32 -> new GgufValue.U32(from.get(INT, at) & 0xFFFF_FFFFL);
      case I32 -> new GgufValue.I32(from.get(INT, at));
      case F32 -> new GgufValue.F32(Float.intBitsToFloat(from.get(INT, at)));
      case BOOL -> new GgufValue.Bool(from.get(ValueLayout.JAVA_BYTE, at) != 0);
      case U64 -> new GgufValue.U64(from.get(LONG, at));
      case I64 -> new GgufValue.I64(from.get(LONG, at));
      case F64 -> new GgufValue.F64(Double.longBitsToDouble(from.get(LONG, at)));
      case STRING, ARRAY -> throw new IllegalArgumentException(type + " is not a scalar");
    };
  }

  /** A growing run of encoded bytes. */
  static final class Output {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    int size() {
      return bytes.size();
    }

    byte[] toByteArray() {
      return bytes.toByteArray();
    }

    Output u8(int value) {
      bytes.write(value);
      return this;
    }

    Output u16(int value) {
      return u8(value).u8(value >> 8);
    }

    Output u32(int value) {
      return u16(value).u16(value >> 16);
    }

    Output u64(long value) {
      return u32((int) value).u32((int) (value >> 32));
    }

    Output raw(byte[] value) {
      bytes.write(value, 0, value.length);
      return this;
    }

    /** Length in bytes, then the bytes. */
    Output string(String value) {
      byte[] utf8 = utf8(value);
      return u64(utf8.length).raw(utf8);
    }

    Output value(GgufValue value) {
      return switch (value) {
        case GgufValue.U8(int v) -> u8(v);
        case GgufValue.I8(byte v) -> u8(v);
        case GgufValue.U16(int v) -> u16(v);
        case GgufValue.I16(short v) -> u16(v);
        case GgufValue.U32(long v) -> u32((int) v);
        case GgufValue.I32(int v) -> u32(v);
        case GgufValue.F32(float v) -> u32(Float.floatToRawIntBits(v));
        case GgufValue.Bool(boolean v) -> u8(v ? 1 : 0);
        case GgufValue.Str(String v) -> string(v);
        case GgufValue.U64(long v) -> u64(v);
        case GgufValue.I64(long v) -> u64(v);
        case GgufValue.F64(double v) -> u64(Double.doubleToRawLongBits(v));
        case GgufArray v -> v.encode(this);
      };
    }
  }

  /** The string's bytes; unlike {@link String#getBytes}, an unpaired surrogate is an error. */
  static byte[] utf8(String value) {
    try {
      ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(value));
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      return bytes;
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("the string is not valid Unicode: " + value, e);
    }
  }
}
