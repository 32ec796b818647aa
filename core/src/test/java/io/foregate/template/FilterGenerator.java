package io.foregate.template;

/** Makes filters and tests up, for values of each kind. */
final class FilterGenerator {
  private final Choice choice;

  FilterGenerator(Choice choice) {
    this.choice = choice;
  }

  /** A filter that makes text of text. */
  String textFilter() {
    return choice.nextInt(12) == 0 ? otherFilter() : plainFilter();
  }

  private String otherFilter() {
    return choice.pick(
        "wordcount",
        "length",
        "list",
        "int",
        "int(7, 16)",
        "float",
        "reverse",
        "first",
        "last",
        "format(1)");
  }

  /** A filter of text that makes sense of any. */
  String plainFilter() {
    return choice.pick(
        "trim",
        "trim('a-')",
        "upper",
        "lower",
        "title",
        "capitalize",
        "reverse",
        "replace('a', 'b')",
        "replace('l', '', 1)",
        "truncate(5)",
        "truncate(5, true)",
        "truncate(4, false, '..', 0)",
        "indent",
        "indent(2, true)",
        "indent(width='> ', blank=true)",
        "center(9)",
        "escape",
        "e",
        "forceescape",
        "striptags",
        "safe",
        "string",
        "join('.')",
        "urlencode");
  }

  String listFilter() {
    return choice.pick(
        "join",
        "join(', ')",
        "first",
        "last",
        "length",
        "list",
        "reverse|list",
        "sort",
        "sort(reverse=true)",
        "sort(case_sensitive=true)",
        "unique|list",
        "unique(true)|list",
        "batch(2)|list",
        "batch(3, '-')|list",
        "slice(2)|list",
        "slice(3, 'x')|list",
        "map('string')|list",
        "map('upper')|join",
        "map('length')|list",
        "select|list",
        "select('string')|list",
        "select('odd')|list",
        "reject('none')|list",
        "reject|list",
        "select('in', [1, 'a'])|list",
        "sum",
        "min",
        "max",
        "tojson",
        "string",
        "map('default', 0)|list",
        "select('equalto', 3)|list",
        "select('>', 1)|list");
  }

  /** A filter of the list whose items are dicts. */
  String recordFilter() {
    return choice.pick(
        "map(attribute='name')|list",
        "map(attribute='age', default=0)|list",
        "selectattr('age')|list",
        "selectattr('age', 'defined')|list",
        "rejectattr('age', 'defined')|map(attribute='name')|join",
        "selectattr('name', 'equalto', 'bob')|list",
        "sort(attribute='name')|map(attribute='name')|list",
        "sort(attribute='name', case_sensitive=true)|tojson",
        "groupby('name')|length",
        "map(attribute='tags.0')|list",
        "sum(attribute='age')",
        "unique(attribute='name')|list|length",
        "groupby('age', default=0)|list",
        "map('dictsort')|list",
        "selectattr('age', '>', 10)|list",
        "join(', ', attribute='name')",
        "map(attribute='name')|map('upper')|sort|first",
        "max(attribute='age')");
  }

  String anyFilter() {
    return choice.nextBoolean() ? textFilter() : listFilter();
  }

  String test() {
    return choice.pick(
        "defined",
        "undefined",
        "none",
        "string",
        "number",
        "mapping",
        "iterable",
        "sequence",
        "integer",
        "float",
        "boolean",
        "true",
        "false",
        "odd",
        "even",
        "divisibleby(3)",
        "callable",
        "lower",
        "upper",
        "in [1, 'a']",
        "eq 1",
        "sameas none",
        "ne('')",
        "ge 1",
        "lt(5)",
        "escaped");
  }
}
