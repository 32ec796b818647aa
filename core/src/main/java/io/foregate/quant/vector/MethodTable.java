package io.foregate.quant.vector;

import io.foregate.gguf.GgmlType;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Locale;
import java.util.Set;

/**
 * Static methods by weight type, to be called by way of handles that C2 does not know, for an
 * array's elements are no constants to it.
 *
 * <p>Inlined into one caller, the types' loops would pass C2's limit on nodes together, in a JVM
 * that has met several types; the calls left over then take and return vectors as objects, and a
 * product allocates and is ten times slower.
 */
final class MethodTable {
  private MethodTable() {}

  /**
   * The methods of {@code owner} that are named as the types are, in lower case and without
   * underscores.
   *
   * @return by the types' ordinals; {@code null} for all others
   */
  static MethodHandle[] of(Class<?> owner, MethodType signature, Set<GgmlType> types) {
    MethodHandle[] methods = new MethodHandle[GgmlType.values().length];
    MethodHandles.Lookup lookup = MethodHandles.lookup();
    for (GgmlType type : types) {
      String name = type.name().toLowerCase(Locale.ROOT).replace("_", "");
      try {
        methods[type.ordinal()] = lookup.findStatic(owner, name, signature);
      } catch (ReflectiveOperationException e) {
        throw new LinkageError("%s has no method %s".formatted(owner.getSimpleName(), name), e);
      }
    }
    return methods;
  }
}
