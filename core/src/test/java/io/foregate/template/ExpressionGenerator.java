package io.foregate.template;

/** Makes expressions of every kind up, mostly such as mean something. */
final class ExpressionGenerator {
  private final Choice choice;
  private final FilterGenerator filters;

  ExpressionGenerator(Choice choice, FilterGenerator filters) {
    this.choice = choice;
    this.filters = filters;
  }

  /** An expression of any kind; now and then of a kind that does not fit. */
  String expression(int depth) {
    return switch (choice.nextInt(10)) {
      case 0, 1, 2 -> text(depth);
      case 3, 4 -> number(depth);
      case 5, 6 -> list(depth);
      case 7 -> dictionary(depth);
      case 8 -> condition(depth);
      default -> odd(depth);
    };
  }

  private String odd(int depth) {
    return choice.oneOf(
        () -> choice.pick("none", "undefined_name", "no", "missing.x", "d.missing", "None"),
        () -> "(" + expression(less(depth)) + ")",
        () ->
            expression(less(depth))
                + " if "
                + condition(less(depth))
                + choice.pick("", " else " + choice.pick("'-'", "0", "none")),
        () -> atom() + " " + choice.pick("and", "or") + " " + atom(),
        () ->
            atom()
                + choice.pick(
                    "|default('d')",
                    "|default('d', true)",
                    "|d(1)",
                    "|default(boolean=true, default_value=3)"),
        () -> "(" + expression(less(depth)) + ") ~ " + atom(),
        () -> "(" + atom() + ", " + atom() + choice.pick("", ",") + ")",
        this::atom);
  }

  private String atom() {
    return choice.pick(
        "s", "t", "e", "n", "z", "f", "tr", "fa", "no", "l", "ls", "le", "d", "nothing", "'x'", "0",
        "1", "-1", "1.5", "[]", "{}", "''", "true", "False", "none");
  }

  private static int less(int depth) {
    return Math.max(0, depth - 1);
  }

  private String text(int depth) {
    if (depth == 0) {
      return choice.nextInt(25) == 0
          ? atom()
          : choice.pick(GeneratedVariables.TEXTS, textLiteral());
    }
    String of = text(depth - 1);
    return choice.oneOf(
        () -> "(" + of + ")" + textMethod(),
        () -> "(" + of + ")" + textMethodWithArguments(),
        () -> "(" + of + ")[" + slice() + "]",
        () -> "(" + of + ")[" + choice.pick("0", "-1", "1", "5") + "]",
        () -> "(" + of + ")|" + filters.textFilter(),
        () -> of + " + (" + text(depth - 1) + ")",
        () -> of + " ~ " + expression(depth - 1),
        () -> "(" + of + ") * " + choice.pick("2", "0", "n", "-1"),
        () -> choice.pick("'-'", "', '", "e") + ".join(" + list(depth - 1) + ")",
        () -> "'%s|%d'" + " % (" + atom() + ", " + number(0) + ")",
        () -> "'{}-{}'.format(" + atom() + ", " + atom() + ")",
        () -> "'{0:>5}|{k!r}'.format(" + text(0) + ", k=" + atom() + ")",
        () -> "(" + expression(depth - 1) + ")|string",
        () ->
            "("
                + expression(depth - 1)
                + ")|tojson"
                + choice.pick(
                    "",
                    "(indent=2)",
                    "(ensure_ascii=true)",
                    "(separators=(',', ':'))",
                    "(sort_keys=true)"),
        this::textLiteral);
  }

  private String textLiteral() {
    return choice.pick(
        "'abc'",
        "\"it's\"",
        "'\\n\\t'",
        "'\\u00e9\\x41'",
        "'a' 'b'",
        "'}}'",
        "'%}'",
        "'\u00a0x\u2003'",
        "'\ud83d\ude00'",
        "' a  b '",
        "'-1'",
        "'1e3'",
        "'True'",
        "'\u0130\u0131'");
  }

  private String slice() {
    return choice.pick(
        "1:", ":-1", "::2", "::-1", "-2:", "1:3", ":", "5:1:-2", "n:", ":z", "-99:99", "2:-99:-1");
  }

  private String number(int depth) {
    if (depth == 0) {
      return choice.pick(GeneratedVariables.NUMBERS, numberLiteral());
    }
    String of = number(depth - 1);
    return choice.oneOf(
        () -> of + " " + choice.pick("+", "-", "*") + " " + number(depth - 1),
        () ->
            "("
                + of
                + ") "
                + choice.pick("/", "//", "%")
                + " "
                + choice.pick("2", "n", "neg", "0.5", "f", "z"),
        () -> "(" + of + ") ** " + choice.pick("2", "0", "-1"),
        () -> "-" + of,
        () -> "(" + of + ")|" + numberFilter(),
        () ->
            "("
                + expression(depth - 1)
                + ")|"
                + choice.pick("length", "count", "int", "float", "int(-1)"),
        () ->
            "("
                + text(depth - 1)
                + ")"
                + choice.pick(
                    ".find('a')", ".count('l')", ".rfind('x')", ".index('a')", ".find('l', 2)"),
        () ->
            "("
                + list(depth - 1)
                + ")"
                + choice.pick(
                    "|sum", "|max", "|min", "|length", ".index(1)", ".count(3)", "|sum(start=1)"));
  }

  private String list(int depth) {
    if (depth == 0) {
      return choice.nextInt(25) == 0
          ? atom()
          : choice.pick(GeneratedVariables.LISTS, listLiteral());
    }
    String of = list(depth - 1);
    return choice.oneOf(
        () ->
            "[" + expression(depth - 1) + ", " + expression(depth - 1) + choice.pick("", ",") + "]",
        () -> "(" + of + ")[" + slice() + "]",
        () -> "(" + of + ")[" + choice.pick("0", "-1", "9") + "]",
        () -> "(" + of + ") + (" + list(depth - 1) + ")",
        () -> "(" + of + ") * 2",
        () -> "(" + of + ")|" + filters.listFilter(),
        () -> "(" + of + ")|" + filters.listFilter(),
        () -> "ld|" + filters.recordFilter(),
        () -> "(" + text(depth - 1) + ")" + splitting(),
        () -> "range(" + choice.pick("5", "1, n", "9, 1, -3", "0") + ")|list",
        () -> "(" + dictionary(depth - 1) + ")" + dictItems());
  }

  /** What a loop goes through: now and then, what it cannot. */
  String iterable(int depth) {
    return choice.nextInt(12) == 0 ? expression(depth) : list(depth);
  }

  private String dictionary(int depth) {
    if (depth == 0) {
      return choice.pick(
          "d",
          "{}",
          "{'a': 1, 'b': [2]}",
          "dict(x=1, y='z')",
          "ld[0]",
          "{1: 'i', none: 2, true: 3}",
          "dict(d, q=0)");
    }
    return choice.oneOf(
        () ->
            "{'p': "
                + expression(depth - 1)
                + ", "
                + choice.pick("'q'", "n", "s")
                + ": "
                + expression(depth - 1)
                + "}",
        () -> "d" + item(),
        () ->
            "ld["
                + choice.pick("0", "-1", "1:", "2")
                + "]"
                + choice.pick("", ".name", "['tags']", ".none"),
        () -> "(" + dictionary(depth - 1) + ")|" + dictFilter());
  }

  String condition(int depth) {
    if (depth == 0) {
      return choice.pick("tr", "fa", atom(), "true", "not " + atom());
    }
    String of = expression(depth - 1);
    return choice.oneOf(
        () ->
            of
                + " "
                + choice
                    .pick("==", "!=", "<", ">=", "is not", "in", "not in")
                    .replace("is not", "!=")
                + " "
                + expression(depth - 1),
        () -> number(depth - 1) + " " + choice.pick("<", "<=", ">", ">=") + " " + number(depth - 1),
        () -> "1 " + choice.pick("<", "<=", "==") + " " + number(depth - 1) + " < 10",
        () -> "not (" + of + ")",
        () -> condition(depth - 1) + " " + choice.pick("and", "or") + " " + condition(depth - 1),
        () -> "(" + of + ") is " + choice.pick("", "not ") + filters.test(),
        () -> "(" + text(depth - 1) + ")" + textQuestion(),
        () ->
            choice.pick("'a'", "1", "none", "'k'")
                + choice.pick(" in ", " not in ")
                + choice.pick("s", "t", "l", "ls", "d", "ld", "le"));
  }

  private String textMethod() {
    return choice.pick(
        ".strip()",
        ".upper()",
        ".title()",
        ".capitalize()",
        ".lstrip()",
        ".rstrip()",
        ".swapcase()",
        ".casefold()");
  }

  private String textMethodWithArguments() {
    return choice.pick(
        ".strip('a ')",
        ".lstrip('-')",
        ".rstrip('\\n')",
        ".replace('l', 'L')",
        ".replace('', '.', 2)",
        ".replace('a', '', 1)",
        ".ljust(9, '*')",
        ".center(9)",
        ".zfill(5)",
        ".rjust(4)",
        ".expandtabs(4)",
        ".removeprefix('a')",
        ".removesuffix('x')");
  }

  private String numberFilter() {
    return choice.pick(
        "abs",
        "round",
        "round(1)",
        "round(2, 'floor')",
        "round(0, 'ceil')",
        "round(-1)",
        "int",
        "float",
        "string",
        "filesizeformat",
        "string|length");
  }

  private String splitting() {
    return choice.pick(
        ".split()",
        ".split('a')",
        ".split(' ', 1)",
        ".rsplit('l', 1)",
        ".splitlines()",
        ".splitlines(true)",
        ".partition('l')",
        ".rpartition('-')",
        ".split(none, 1)");
  }

  private String dictItems() {
    return choice.pick(
        ".items()|list",
        ".keys()|list",
        ".values()|list",
        "|items|list",
        "|dictsort",
        "|dictsort(false, 'value')",
        "|list");
  }

  private String item() {
    return choice.pick(
        ".k",
        "['B']",
        ".get('k')",
        ".get('x', 'y')",
        ".missing",
        "['nope']",
        "|length",
        ".copy()",
        "|tojson");
  }

  private String dictFilter() {
    return choice.pick(
        "items|list",
        "dictsort",
        "list",
        "tojson",
        "string",
        "length",
        "first",
        "join",
        "xmlattr",
        "tojson(indent=1)");
  }

  private String textQuestion() {
    return choice.pick(
        ".startswith('a')",
        ".endswith(('x', ' '))",
        ".isdigit()",
        ".isalpha()",
        ".isupper()",
        ".isspace()",
        ".islower()",
        ".isalnum()",
        ".istitle()",
        ".isnumeric()",
        ".isidentifier()");
  }

  private String numberLiteral() {
    return choice.pick(
        "1",
        "0",
        "12",
        "-4",
        "3.0",
        "1e-7",
        "0.1",
        "1_000",
        "10000000000000000000",
        "1e16",
        "2.675",
        "0x1F",
        "0b11",
        "0o17");
  }

  private String listLiteral() {
    return choice.pick(
        "[1, 'a', none]", "[]", "(1, 2)", "[[1, 2], [3]]", "range(4)|list", "[true, 1, 1.0]");
  }
}
