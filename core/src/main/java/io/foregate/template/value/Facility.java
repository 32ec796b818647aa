package io.foregate.template.value;

import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What the interpreter gives to a template: a function, a method, a macro, the state of a loop.
 *
 * @param qualifiedName Python's name of the type, with its module where that is none of the
 *     language
 * @param repr how it prints
 * @param attributes its attributes; null for what it lacks
 * @param code what a call does, or null if it cannot be called
 */
public record Facility(
    String qualifiedName, Supplier<String> repr, Function<String, Value> attributes, Code code)
    implements Value {
  /** What a call does. */
  @FunctionalInterface
  public interface Code {
    /** Calls. */
    Value call(Arguments arguments);
  }

  /** A function without attributes. */
  public static Facility function(String name, Code code) {
    return new Facility("function", () -> "<function " + name + ">", attribute -> null, code);
  }

  /** A method of a value, which says so where it prints. */
  public static Facility method(String name, Value of, Code code) {
    return new Facility(
        "builtin_function_or_method",
        () -> "<built-in method %s of %s object>".formatted(name, of.typeName()),
        attribute -> null,
        code);
  }

  @Override
  public String typeName() {
    return qualifiedName.substring(qualifiedName.lastIndexOf('.') + 1);
  }

  @Override
  public boolean truth() {
    return true;
  }
}
