package io.foregate.template.value;

/** A value of a template. There are no others, and none leads to Java. */
public sealed interface Value
    permits Value.None,
        Value.Bool,
        Value.Real,
        Int,
        Str,
        Seq,
        Dict,
        View,
        Range,
        Cursor,
        Undefined,
        Namespace,
        Facility {

  /** Python's name of the type. */
  String typeName();

  /** Whether a condition holds. */
  boolean truth();

  /** Python's {@code None}. */
  enum None implements Value {
    NONE;

    @Override
    public String typeName() {
      return "NoneType";
    }

    @Override
    public boolean truth() {
      return false;
    }
  }

  /** A truth value; an integer in arithmetic. */
  enum Bool implements Value {
    FALSE,
    TRUE;

    public static Bool of(boolean value) {
      return value ? TRUE : FALSE;
    }

    @Override
    public String typeName() {
      return "bool";
    }

    @Override
    public boolean truth() {
      return this == TRUE;
    }
  }

  /** A floating-point number. */
  record Real(double value) implements Value {
    @Override
    public String typeName() {
      return "float";
    }

    @Override
    public boolean truth() {
      return value != 0;
    }
  }
}
