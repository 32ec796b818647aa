package io.foregate.template.operation;

import io.foregate.template.TemplateException;
import io.foregate.template.value.Budget;
import io.foregate.template.value.Int;
import io.foregate.template.value.Numbers;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Str;
import io.foregate.template.value.Value;

/** Python's {@code format(value, spec)}. */
public final class FormatSpec {
  private FormatSpec() {}

  /** The text of a value as a specification wants it. */
  public static String apply(Value value, String spec, Budget budget) {
    if (spec.isEmpty()) {
      return Printer.str(value, budget);
    }
    boolean formats = value instanceof Str || Numbers.isNumber(value);
    if (!formats) {
      throw TemplateException.of(
          "unsupported format string passed to %s.__format__".formatted(value.typeName()));
    }
    Spec parsed = parse(spec, value);
    return value instanceof Str s ? text(s, parsed, budget) : number(value, parsed, budget);
  }

  private static Spec parse(String text, Value value) {
    var spec = new Spec();
    int at = 0;
    int first = text.codePointAt(0);
    int size = Character.charCount(first);
    if (text.length() > size && "<>=^".indexOf(text.charAt(size)) >= 0) {
      spec.fill = Character.toString(first);
      spec.align = text.charAt(size);
      at = size + 1;
    } else if ("<>=^".indexOf(first) >= 0) {
      spec.align = (char) first;
      at = 1;
    }
    if (at < text.length() && "+- ".indexOf(text.charAt(at)) >= 0) {
      spec.sign = text.charAt(at++);
    }
    if (text.startsWith("z", at)) {
      at++;
    }
    if (text.startsWith("#", at)) {
      spec.alternate = true;
      at++;
    }
    if (text.startsWith("0", at)) {
      spec.zeros = spec.align == 0 && !(value instanceof Str);
      if (value instanceof Str && spec.align == 0) {
        spec.fill = "0";
        spec.align = '<';
      }
      at++;
    }
    return rest(text, at, spec, value);
  }

  private static Spec rest(String text, int from, Spec spec, Value value) {
    int at = digits(text, from);
    spec.width = number(text, from, at);
    if (at < text.length() && ",_".indexOf(text.charAt(at)) >= 0) {
      spec.grouping = text.charAt(at++);
    }
    if (text.startsWith(".", at)) {
      int end = digits(text, at + 1);
      if (end == at + 1) {
        throw TemplateException.of("Format specifier missing precision");
      }
      spec.precision = number(text, at + 1, end);
      at = end;
    }
    if (at < text.length()) {
      spec.type = text.codePointAt(at);
      at += Character.charCount(spec.type);
    }
    if (at < text.length()) {
      throw TemplateException.of(
          "Invalid format specifier '%s' for object of type '%s'"
              .formatted(text, value.typeName()));
    }
    return spec;
  }

  private static int digits(String text, int from) {
    int end = from;
    while (end < text.length() && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
      end++;
    }
    return end;
  }

  private static int number(String text, int from, int to) {
    if (to - from > 9) {
      throw TemplateException.of("Too many decimal digits in format string");
    }
    return to == from
        ? (from > 0 && text.charAt(from - 1) == '.' ? -1 : 0)
        : Integer.parseInt(text, from, to, 10);
  }

  private static TemplateException unknown(Spec spec, Value value) {
    return TemplateException.of(
        "Unknown format code '%s' for object of type '%s'"
            .formatted(Character.toString(spec.type), value.typeName()));
  }

  private static String text(Str value, Spec spec, Budget budget) {
    if (spec.type != 0 && spec.type != 's') {
      throw unknown(spec, value);
    }
    if (spec.sign != '-') {
      throw TemplateException.of("Sign not allowed in string format specifier");
    }
    if (spec.align == '=') {
      throw TemplateException.of("'=' alignment not allowed in string format specifier");
    }
    if (spec.alternate) {
      throw TemplateException.of("Alternate form (#) not allowed in string format specifier");
    }
    if (spec.grouping != 0) {
      throw TemplateException.of("Cannot specify '%c' with 's'.".formatted(spec.grouping));
    }
    String text = value.text();
    if (spec.precision >= 0 && spec.precision < value.length(budget)) {
      text = value.between(0, spec.precision, budget);
    }
    return spec.pad(text, spec.align == 0 ? '<' : spec.align, budget);
  }

  private static String number(Value value, Spec spec, Budget budget) {
    boolean isReal = value instanceof Value.Real;
    if (spec.type == 's') {
      throw unknown(spec, value);
    }
    if ("eEfFgG%".indexOf(spec.type) >= 0 && spec.type != 0) {
      return spec.real(Numbers.real(value), budget);
    }
    if (isReal) {
      return real((Value.Real) value, spec, budget);
    }
    if (spec.type != 0 && "bcdoxXn".indexOf(spec.type) < 0) {
      throw unknown(spec, value);
    }
    if (spec.precision >= 0) {
      throw TemplateException.of("Precision not allowed in integer format specifier");
    }
    Int i = Numbers.integer(value);
    if (spec.type == 'c') {
      int point = i.clamped();
      if (!Character.isValidCodePoint(point)) {
        throw TemplateException.of("%c arg not in range(0x110000)");
      }
      return spec.pad(Character.toString(point), spec.align == 0 ? '<' : spec.align, budget);
    }
    return spec.integer(i, budget);
  }

  /** A float without a type: as it prints, or in so many digits. */
  private static String real(Value.Real value, Spec spec, Budget budget) {
    if (spec.type != 0 && spec.type != 'n') {
      throw unknown(spec, value);
    }
    if (spec.precision < 0 && spec.type == 0) {
      return spec.plain(Numbers.repr(value.value()), budget);
    }
    spec.type = 'g';
    return spec.real(value.value(), budget);
  }
}
