package io.foregate.assembly.emulated;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Numbers among the bytes of vectors. */
final class Lanes {
  private static final VarHandle SHORT = handle(short[].class);
  private static final VarHandle INT = handle(int[].class);
  private static final VarHandle LONG = handle(long[].class);

  private Lanes() {}

  private static VarHandle handle(Class<?> array) {
    return MethodHandles.byteArrayViewVarHandle(array, ByteOrder.LITTLE_ENDIAN);
  }

  static short getShort(byte[] r, int at) {
    return (short) SHORT.get(r, at);
  }

  static int getInt(byte[] r, int at) {
    return (int) INT.get(r, at);
  }

  static long getLong(byte[] r, int at) {
    return (long) LONG.get(r, at);
  }

  static void setShort(byte[] r, int at, int value) {
    SHORT.set(r, at, (short) value);
  }

  static void setInt(byte[] r, int at, int value) {
    INT.set(r, at, value);
  }

  static void setLong(byte[] r, int at, long value) {
    LONG.set(r, at, value);
  }
}
