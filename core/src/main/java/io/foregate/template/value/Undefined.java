package io.foregate.template.value;

import io.foregate.template.TemplateException;
import java.util.function.Supplier;

/**
 * What a name without a value stands for: prints as nothing, and fails in most operations.
 *
 * @param reason what to say where it is used
 */
public record Undefined(Supplier<String> reason) implements Value {
  /** With a fixed reason. */
  public static Undefined because(String reason) {
    return new Undefined(() -> reason);
  }

  /** Of a variable. */
  public static Undefined variable(String name) {
    return new Undefined(() -> Printer.quote(name) + " is undefined");
  }

  /** The mistake of using it. */
  public TemplateException failure() {
    return TemplateException.of(reason.get());
  }

  @Override
  public String typeName() {
    return "Undefined";
  }

  @Override
  public boolean truth() {
    return false;
  }
}
