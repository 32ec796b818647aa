package io.foregate.template.eval;

import io.foregate.template.TemplateException;
import io.foregate.template.value.Arguments;
import io.foregate.template.value.Int;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Str;
import io.foregate.template.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The parameters of a Python function, and what Python says of a call that does not fit them. */
final class Signature {
  private final String name;
  private final List<String> parameters = new ArrayList<>();
  private final List<Value> defaults = new ArrayList<>();
  private int hidden;

  private Signature(String name) {
    this.name = name;
  }

  /**
   * As Python writes it, such as {@code do_join(@ctx, value, d='', attribute=None)}, where a
   * parameter with {@code @} is one that the caller of a template's function does not give.
   */
  static Signature of(String text) {
    int open = text.indexOf('(');
    var signature = new Signature(text.substring(0, open));
    String inside = text.substring(open + 1, text.length() - 1);
    for (String parameter : inside.isEmpty() ? new String[0] : inside.split(", (?!')", -1)) {
      signature.add(parameter);
    }
    return signature;
  }

  private void add(String parameter) {
    if (parameter.startsWith("@")) {
      hidden++;
      return;
    }
    int equals = parameter.indexOf('=');
    parameters.add(equals < 0 ? parameter : parameter.substring(0, equals));
    defaults.add(equals < 0 ? null : value(parameter.substring(equals + 1)));
  }

  private static Value value(String text) {
    return switch (text) {
      case "None" -> Value.None.NONE;
      case "True" -> Value.Bool.TRUE;
      case "False" -> Value.Bool.FALSE;
      default ->
          text.startsWith("'")
              ? Str.of(text.substring(1, text.length() - 1))
              : text.contains(".")
                  ? new Value.Real(Double.parseDouble(text))
                  : Int.of(Long.parseLong(text));
    };
  }

  /** The values of all parameters. */
  Value[] bind(Arguments arguments) {
    return bind(null, arguments);
  }

  /** The values of all parameters, the first of which may be given apart. */
  Value[] bind(Value first, Arguments arguments) {
    var values = new Value[parameters.size()];
    int offset = first == null ? 0 : 1;
    List<Value> positional = arguments.positional();
    if (first != null) {
      values[0] = first;
    }
    for (int i = 0; i < positional.size() && i + offset < values.length; i++) {
      values[i + offset] = positional.get(i);
    }
    for (Map.Entry<String, Value> named : arguments.named().entrySet()) {
      int place = parameters.indexOf(named.getKey());
      if (place < 0) {
        throw failure("got an unexpected keyword argument " + Printer.quote(named.getKey()));
      }
      if (values[place] != null) {
        throw failure("got multiple values for argument " + Printer.quote(named.getKey()));
      }
      values[place] = named.getValue();
    }
    if (positional.size() + offset > values.length) {
      throw tooMany(positional.size() + offset);
    }
    fill(values);
    return values;
  }

  private void fill(Value[] values) {
    var missing = new ArrayList<String>();
    for (int i = 0; i < values.length; i++) {
      if (values[i] == null) {
        values[i] = defaults.get(i);
        if (values[i] == null) {
          missing.add(Printer.quote(parameters.get(i)));
        }
      }
    }
    if (!missing.isEmpty()) {
      throw failure(
          "missing %d required positional argument%s: %s"
              .formatted(missing.size(), missing.size() == 1 ? "" : "s", listed(missing)));
    }
  }

  private static String listed(List<String> names) {
    if (names.size() <= 2) {
      return String.join(" and ", names);
    }
    return names.subList(0, names.size() - 1).stream().collect(Collectors.joining(", "))
        + ", and "
        + names.getLast();
  }

  private TemplateException tooMany(int given) {
    int most = parameters.size() + hidden;
    int least = hidden + (int) defaults.stream().filter(value -> value == null).count();
    String takes =
        least == most
            ? "takes %d positional argument%s".formatted(most, most == 1 ? "" : "s")
            : "takes from %d to %d positional arguments".formatted(least, most);
    return failure("%s but %d were given".formatted(takes, given + hidden));
  }

  private TemplateException failure(String what) {
    return TemplateException.of(name + "() " + what);
  }
}
