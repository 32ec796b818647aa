package io.foregate.template.eval;

import io.foregate.template.TemplateException;
import io.foregate.template.operation.FormatSpec;
import io.foregate.template.value.Arguments;
import io.foregate.template.value.Budget;
import io.foregate.template.value.Dict;
import io.foregate.template.value.Int;
import io.foregate.template.value.Markup;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Str;
import io.foregate.template.value.TextBuilder;
import io.foregate.template.value.Value;

/** Python's {@code str.format}, with the sandbox's way to attributes. For one use. */
final class Braces {
  private static final int MAX_NESTING = 2;

  private final Str format;
  private final Budget budget;
  private final Access access;
  private Arguments arguments;
  private Dict mapping;
  private int next;

  Braces(Str format, Interpreter interpreter) {
    this.format = format;
    this.budget = interpreter.budget();
    this.access = interpreter.evaluator().access();
  }

  Value format(Arguments given) {
    arguments = given;
    return new Str(fill(format.text(), MAX_NESTING), format.isSafe());
  }

  Value formatMap(Arguments given) {
    if (!given.named().isEmpty()) {
      throw TemplateException.of("format_map() takes no keyword arguments");
    }
    if (given.positional().size() != 1) {
      throw TemplateException.of(
          "format_map() takes exactly one argument (%d given)"
              .formatted(given.positional().size()));
    }
    arguments = Arguments.NONE;
    mapping = given.positional().getFirst() instanceof Dict dict ? dict : new Dict();
    return new Str(fill(format.text(), MAX_NESTING), format.isSafe());
  }

  private String fill(String text, int nesting) {
    if (nesting == 0) {
      throw TemplateException.of("Max string recursion exceeded");
    }
    var out = new TextBuilder(budget);
    int at = 0;
    while (at < text.length()) {
      int brace = at;
      while (brace < text.length() && text.charAt(brace) != '{' && text.charAt(brace) != '}') {
        brace++;
      }
      out.append(text, at, brace);
      if (brace == text.length()) {
        break;
      }
      char c = text.charAt(brace);
      if (brace + 1 < text.length() && text.charAt(brace + 1) == c) {
        out.append(c);
        at = brace + 2;
      } else if (c == '}') {
        throw TemplateException.of("Single '}' encountered in format string");
      } else {
        int end = end(text, brace + 1);
        out.append(field(text.substring(brace + 1, end), nesting));
        at = end + 1;
      }
    }
    return out.toString();
  }

  private int end(String text, int begin) {
    if (begin == text.length()) {
      throw TemplateException.of("Single '{' encountered in format string");
    }
    int depth = 1;
    for (int i = begin; i < text.length(); i++) {
      depth += text.charAt(i) == '{' ? 1 : text.charAt(i) == '}' ? -1 : 0;
      if (depth == 0) {
        budget.scan(i - begin);
        return i;
      }
    }
    throw TemplateException.of("expected '}' before end of string");
  }

  private String field(String field, int nesting) {
    budget.text(field.length());
    int nameEnd = nameEnd(field);
    String name = field.substring(0, nameEnd);
    String rest = field.substring(nameEnd);
    char conversion = 0;
    if (rest.startsWith("!")) {
      if (rest.length() < 2) {
        throw TemplateException.of("end of string while looking for conversion specifier");
      }
      conversion = rest.charAt(1);
      if (rest.length() > 2 && rest.charAt(2) != ':') {
        throw TemplateException.of("expected ':' after conversion specifier");
      }
      rest = rest.substring(2);
    }
    Value value = value(name);
    String spec = rest.isEmpty() ? "" : rest.substring(1);
    if (spec.indexOf('{') >= 0) {
      spec = fill(spec, nesting - 1);
    }
    return shown(converted(value, conversion), spec);
  }

  private static int nameEnd(String field) {
    boolean inKey = false;
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      inKey = c == '[' || (inKey && c != ']');
      if (!inKey && (c == '!' || c == ':')) {
        return i;
      }
    }
    return field.length();
  }

  private Value converted(Value value, char conversion) {
    return switch (conversion) {
      case 0 -> value;
      case 's' -> Str.of(Printer.str(value, budget));
      case 'r', 'a' -> Str.of(Printer.repr(value, budget));
      default -> throw TemplateException.of("Unknown conversion specifier " + conversion);
    };
  }

  private String shown(Value value, String spec) {
    if (format.isSafe() && spec.isEmpty()) {
      return Markup.escape(value, budget).text();
    }
    return FormatSpec.apply(value, spec, budget);
  }

  private Value value(String name) {
    int end = 0;
    while (end < name.length() && name.charAt(end) != '.' && name.charAt(end) != '[') {
      end++;
    }
    Value value = first(name.substring(0, end));
    int at = end;
    while (at < name.length()) {
      budget.step();
      if (name.charAt(at) == '.') {
        int stop = at + 1;
        while (stop < name.length() && name.charAt(stop) != '.' && name.charAt(stop) != '[') {
          stop++;
        }
        if (stop == at + 1) {
          throw TemplateException.of("Empty attribute in format string");
        }
        value = access.attribute(value, name.substring(at + 1, stop));
        at = stop;
      } else {
        int stop = name.indexOf(']', at);
        if (name.charAt(at) != '[') {
          throw TemplateException.of("Only '.' or '[' may follow ']' in format field specifier");
        }
        if (stop < 0) {
          throw TemplateException.of("Missing ']' in format string");
        }
        if (stop == at + 1) {
          throw TemplateException.of("Empty attribute in format string");
        }
        value = access.item(value, key(name.substring(at + 1, stop)));
        at = stop + 1;
      }
    }
    return value;
  }

  private static Value key(String text) {
    boolean isNumber = text.chars().allMatch(c -> c >= '0' && c <= '9') && text.length() < 10;
    return isNumber ? Int.of(Integer.parseInt(text)) : Str.of(text);
  }

  private Value first(String name) {
    boolean isNumber = !name.isEmpty() && name.chars().allMatch(c -> c >= '0' && c <= '9');
    if (name.isEmpty() || isNumber) {
      return positional(name);
    }
    Value value = mapping != null ? mapping.get(name) : arguments.named().get(name);
    if (value == null) {
      throw TemplateException.of(Printer.quote(name));
    }
    return value;
  }

  private Value positional(String name) {
    if (!name.isEmpty() && next > 0) {
      throw TemplateException.of(
          "cannot switch from manual field specification to automatic field numbering");
    }
    if (name.isEmpty() && next < 0) {
      throw TemplateException.of(
          "cannot switch from manual field specification to automatic field numbering");
    }
    int place =
        name.isEmpty() ? next++ : name.length() < 10 ? Integer.parseInt(name) : Integer.MAX_VALUE;
    next = name.isEmpty() ? next : -1;
    if (place >= arguments.positional().size()) {
      throw TemplateException.of(
          "Replacement index %d out of range for positional args tuple".formatted(place));
    }
    return arguments.positional().get(place);
  }
}
