package io.foregate.template.eval;

import io.foregate.template.TemplateException;
import io.foregate.template.operation.FormatSpec;
import io.foregate.template.operation.Operator;
import io.foregate.template.operation.Parsing;
import io.foregate.template.value.Budget;
import io.foregate.template.value.Int;
import io.foregate.template.value.Numbers;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Str;
import io.foregate.template.value.Undefined;
import io.foregate.template.value.Value;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/** Filters of numbers. */
final class NumberFilters {
  private static final int MAX_PLACES = 323;
  private static final int MIN_PLACES = -308;

  private NumberFilters() {}

  static void list(Filters.Table table) {
    table
        .add("abs", "abs(x)", (in, a) -> Operator.absolute(a[0], in.budget()))
        .add("int", "do_int(value, default=0, base=10)", NumberFilters::integer)
        .add("float", "do_float(value, default=0.0)", NumberFilters::real)
        .add("round", "do_round(value, precision=0, method='common')", NumberFilters::round);
  }

  private static Value integer(Interpreter in, Value[] a) {
    Value value = a[0];
    if (value instanceof Undefined u) {
      throw u.failure();
    }
    if (value instanceof Value.Real r) {
      return Double.isNaN(r.value()) ? a[1] : Numbers.truncate(r.value());
    }
    if (Numbers.isInteger(value)) {
      return Numbers.integer(value);
    }
    if (!(value instanceof Str s)) {
      return a[1];
    }
    Int parsed = Parsing.integer(s.text(), TextMethods.integer(a[2]), in.budget());
    if (parsed != null) {
      return parsed;
    }
    Double real = Parsing.real(s.text(), in.budget());
    return real == null || real.isNaN() || real.isInfinite() ? a[1] : Numbers.truncate(real);
  }

  private static Value real(Interpreter in, Value[] a) {
    return switch (a[0]) {
      case Undefined u -> throw u.failure();
      case Str s -> {
        Double real = Parsing.real(s.text(), in.budget());
        yield real == null ? a[1] : new Value.Real(real);
      }
      case Value value when Numbers.isNumber(value) -> new Value.Real(Numbers.real(value));
      default -> a[1];
    };
  }

  private static Value round(Interpreter in, Value[] a) {
    String method = a[2] instanceof Str s ? s.text() : "";
    return switch (method) {
      case "common" -> round(a[0], a[1], in.budget());
      case "ceil", "floor" -> towards(a[0], a[1], method.equals("ceil"), in.budget());
      default -> throw TemplateException.of("method must be common, ceil or floor");
    };
  }

  private static Value round(Value value, Value precision, Budget budget) {
    if (!Numbers.isNumber(value)) {
      throw TemplateException.of(
          "type %s doesn't define __round__ method".formatted(value.typeName()));
    }
    if (precision == Value.None.NONE) {
      return value instanceof Value.Real r ? roundToInteger(r.value()) : Numbers.integer(value);
    }
    int places = TextMethods.integer(precision);
    return value instanceof Value.Real r
        ? new Value.Real(roundReal(r.value(), places))
        : roundInteger(Numbers.integer(value), places, budget);
  }

  private static Int roundToInteger(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return Numbers.truncate(value);
    }
    return Numbers.truncate(Math.rint(value));
  }

  private static double roundReal(double value, int places) {
    if (Double.isNaN(value) || Double.isInfinite(value) || value == 0 || places > MAX_PLACES) {
      return value;
    }
    if (places < MIN_PLACES) {
      return Math.copySign(0.0, value);
    }
    double rounded = new BigDecimal(value).setScale(places, RoundingMode.HALF_EVEN).doubleValue();
    if (Double.isInfinite(rounded)) {
      throw TemplateException.of("rounded value too large to represent");
    }
    return rounded == 0 ? Math.copySign(0.0, value) : rounded;
  }

  private static Value roundInteger(Int value, int places, Budget budget) {
    if (places >= 0) {
      return value;
    }
    long digits = 2 + (long) (value.exact().bitLength() * 0.302);
    if (-(long) places > digits) {
      return Int.of(0);
    }
    budget.text(4 * digits);
    budget.steps(digits * digits / 64);
    var exact = new BigDecimal(value.exact());
    BigInteger rounded = exact.setScale(places, RoundingMode.HALF_EVEN).toBigInteger();
    return Int.of(rounded);
  }

  private static Value towards(Value value, Value precision, boolean up, Budget budget) {
    Value scale = Operator.POWER.apply(Int.of(10), precision, budget);
    Value scaled = Operator.MULTIPLY.apply(value, scale, budget);
    if (!Numbers.isNumber(scaled)) {
      throw TemplateException.of("must be real number, not " + scaled.typeName());
    }
    Value whole = scaled;
    if (scaled instanceof Value.Real r) {
      double number = up ? Math.ceil(r.value()) : Math.floor(r.value());
      whole = Numbers.truncate(number);
    }
    return Operator.DIVIDE.apply(whole, scale, budget);
  }

  /** A number of bytes as people read it. */
  static String fileSize(Interpreter in, Value value, boolean binary) {
    double bytes = size(value, in.budget());
    int base = binary ? 1024 : 1000;
    if (bytes == 1) {
      return "1 Byte";
    }
    if (bytes < base) {
      return Printer.str(Numbers.truncate(bytes), in.budget()) + " Bytes";
    }
    String units = "kMGTPEZY";
    double unit = base;
    int place = -1;
    do {
      place++;
      unit *= base;
    } while (place < units.length() - 1 && bytes >= unit);
    String prefix = units.substring(place, place + 1);
    String number = FormatSpec.apply(new Value.Real(base * bytes / unit), ".1f", in.budget());
    return number
        + " "
        + (binary ? prefix.toUpperCase(java.util.Locale.ROOT) + "iB" : prefix + "B");
  }

  private static double size(Value value, Budget budget) {
    if (value instanceof Undefined u) {
      throw u.failure();
    }
    if (Numbers.isNumber(value)) {
      return Numbers.real(value);
    }
    if (!(value instanceof Str s)) {
      throw TemplateException.of(
          "float() argument must be a string or a real number, not '%s'"
              .formatted(value.typeName()));
    }
    Double parsed = Parsing.real(s.text(), budget);
    if (parsed == null) {
      throw TemplateException.of("could not convert string to float: " + Printer.quote(s.text()));
    }
    return parsed;
  }
}
