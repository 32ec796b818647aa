package io.foregate.gguf;

import java.util.Arrays;
import java.util.Optional;

/**
 * A typed metadata value: one of twelve scalar types, or a {@link GgufArray}.
 *
 * <p>Unsigned integers are held in the next wider Java type, except {@link U64}, whose {@code long}
 * has to be read as unsigned.
 */
public sealed interface GgufValue
    permits GgufValue.U8,
        GgufValue.I8,
        GgufValue.U16,
        GgufValue.I16,
        GgufValue.U32,
        GgufValue.I32,
        GgufValue.F32,
        GgufValue.Bool,
        GgufValue.Str,
        GgufValue.U64,
        GgufValue.I64,
        GgufValue.F64,
        GgufArray {

  /** The type under which the value is stored. */
  Type type();

  /** The types of values. */
  enum Type {
    U8(0, 1),
    I8(1, 1),
    U16(2, 2),
    I16(3, 2),
    U32(4, 4),
    I32(5, 4),
    F32(6, 4),
    BOOL(7, 1),
    STRING(8, 8),
    ARRAY(9, 12),
    U64(10, 8),
    I64(11, 8),
    F64(12, 8);

    private final int id;
    private final int minBytes;

    Type(int id, int minBytes) {
      this.id = id;
      this.minBytes = minBytes;
    }

    /** The number by which files name this type. */
    public int id() {
      return id;
    }

    /** Bytes of a value; of a string or an array, those of an empty one. */
    int minBytes() {
      return minBytes;
    }

    static Optional<Type> find(int id) {
      return Arrays.stream(values()).filter(type -> type.id == id).findFirst();
    }
  }

  /** Unsigned 8-bit integer. */
  record U8(int value) implements GgufValue {
    public U8 {
      requireRange(value, 0, 0xFF, Type.U8);
    }

    @Override
    public Type type() {
      return Type.U8;
    }
  }

  /** Signed 8-bit integer. */
  record I8(byte value) implements GgufValue {
    @Override
    public Type type() {
      return Type.I8;
    }
  }

  /** Unsigned 16-bit integer. */
  record U16(int value) implements GgufValue {
    public U16 {
      requireRange(value, 0, 0xFFFF, Type.U16);
    }

    @Override
    public Type type() {
      return Type.U16;
    }
  }

  /** Signed 16-bit integer. */
  record I16(short value) implements GgufValue {
    @Override
    public Type type() {
      return Type.I16;
    }
  }

  /** Unsigned 32-bit integer. */
  record U32(long value) implements GgufValue {
    public U32 {
      requireRange(value, 0, 0xFFFF_FFFFL, Type.U32);
    }

    @Override
    public Type type() {
      return Type.U32;
    }
  }

  /** Signed 32-bit integer. */
  record I32(int value) implements GgufValue {
    @Override
    public Type type() {
      return Type.I32;
    }
  }

  /** 32-bit float. */
  record F32(float value) implements GgufValue {
    @Override
    public Type type() {
      return Type.F32;
    }
  }

  /** Truth value. */
  record Bool(boolean value) implements GgufValue {
    @Override
    public Type type() {
      return Type.BOOL;
    }
  }

  /** Text, stored as UTF-8. */
  record Str(String value) implements GgufValue {
    @Override
    public Type type() {
      return Type.STRING;
    }
  }

  /** Unsigned 64-bit integer, held bit by bit in a signed one. */
  record U64(long value) implements GgufValue {
    @Override
    public Type type() {
      return Type.U64;
    }

    @Override
    public String toString() {
      return "U64[value=" + Long.toUnsignedString(value) + "]";
    }
  }

  /** Signed 64-bit integer. */
  record I64(long value) implements GgufValue {
    @Override
    public Type type() {
      return Type.I64;
    }
  }

  /** 64-bit float. */
  record F64(double value) implements GgufValue {
    @Override
    public Type type() {
      return Type.F64;
    }
  }

  private static void requireRange(long value, long min, long max, Type type) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(value + " does not fit " + type);
    }
  }
}
