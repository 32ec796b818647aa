package io.foregate.template;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Makes templates up: expressions of every kind, mostly such as mean something, and statements with
 * white space around them. The same seed makes the same templates.
 */
final class TemplateGenerator {
  private static final JsonMapper JSON = new JsonMapper();

  private final Choice choice;
  private final FilterGenerator filters;
  private final ExpressionGenerator expressions;

  TemplateGenerator(long seed) {
    choice = new Choice(seed);
    filters = new FilterGenerator(choice);
    expressions = new ExpressionGenerator(choice, filters);
  }

  /** A template of one to three parts. */
  String template() {
    var text = new StringBuilder();
    int parts = 1 + choice.nextInt(3);
    for (int i = 0; i < parts; i++) {
      text.append(choice.oneOf(this::output, this::output, this::output, this::statement));
      text.append(choice.pick("", "", "\n", " ", "|", "\n\n  ", "\ttext\n"));
    }
    return text.toString();
  }

  private String output() {
    String filter = choice.nextInt(3) == 0 ? "|" + filters.anyFilter() : "";
    String value = expressions.expression(3);
    return filter.isEmpty()
        ? open("{{") + " " + value + " " + close("}}")
        : "{{ (" + value + ")" + filter + " }}";
  }

  private String open(String brace) {
    return brace + choice.pick("", "", "", "-", "+".repeat(brace.equals("{%") ? 1 : 0));
  }

  private String close(String brace) {
    return choice.pick("", "", "", "-") + brace;
  }

  private String tag(String text) {
    return open("{%") + " " + text + " " + close("%}");
  }

  private String body() {
    return choice.pick("", " ", "\n", "  ")
        + choice.oneOf(this::output, () -> "x\n", this::output)
        + choice.pick("", "\n", "  ", " \n ");
  }

  private String statement() {
    return choice.oneOf(
        this::branch,
        this::loop,
        this::loop,
        this::assignment,
        this::macro,
        () -> tag("with w = " + expressions.expression(2)) + "{{ w }}" + body() + tag("endwith"),
        () -> tag("filter " + filters.plainFilter()) + body() + tag("endfilter"),
        () -> "{#" + choice.pick("", "-") + " note " + choice.pick("", "-") + "#}" + body(),
        () -> tag("raw") + "{{ x }} {% y %}" + tag("endraw"),
        () -> tag("generation") + body() + tag("endgeneration"));
  }

  private String branch() {
    String rest = choice.nextBoolean() ? tag("elif " + expressions.condition(2)) + body() : "";
    String last = choice.nextBoolean() ? tag("else") + body() : "";
    return tag("if " + expressions.condition(2)) + body() + rest + last + tag("endif");
  }

  private String loop() {
    String filter =
        choice.nextInt(4) == 0 ? " if " + choice.pick("i", "not i", "i is string", "i != 1") : "";
    String inner =
        choice.oneOf(
            () -> "{{ i }}",
            () -> "{{ loop.index }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}",
            () -> "{{ loop.previtem }},{{ loop.nextitem }};",
            () -> "{{ loop.cycle('o', 'e') }}{{ loop.length }}{{ loop.depth }}",
            () -> "{{ loop.changed(i is string) }}",
            () ->
                tag("if loop.index0 > 1")
                    + tag(choice.pick("break", "continue"))
                    + tag("endif")
                    + "{{ i }}",
            () -> tag("set x = i") + "{{ x }}",
            this::body);
    String otherwise = choice.nextInt(3) == 0 ? tag("else") + "none" : "";
    return tag("for i in " + expressions.iterable(2) + filter)
        + inner
        + choice.pick("", "\n", ",")
        + otherwise
        + tag("endfor");
  }

  private String assignment() {
    return choice.oneOf(
        () -> tag("set v = " + expressions.expression(3)) + "{{ v }}",
        () ->
            tag("set v" + choice.pick("", " | upper", " | trim | length"))
                + body()
                + tag("endset")
                + "[{{ v }}]",
        () ->
            tag("set ns = namespace(a=" + expressions.expression(2) + ")")
                + tag("for i in [1, 2]")
                + tag("set ns.a = ns.a " + choice.pick("~", "+") + " i")
                + tag("endfor")
                + "{{ ns.a }}",
        () ->
            tag("set a, b = " + expressions.expression(1) + ", " + expressions.expression(1))
                + "{{ b }}{{ a }}");
  }

  private String macro() {
    return tag("macro q(a, b=" + expressions.expression(1) + ")")
        + choice.pick(
            "{{ a }}{{ b }}",
            "{{ a }}{{ caller is defined }}{{ varargs }}{{ kwargs }}",
            "\n {{ b }}")
        + tag("endmacro")
        + choice.oneOf(
            () -> "{{ q(" + expressions.expression(1) + ") }}",
            () -> "{{ q(" + expressions.expression(1) + ", b=" + expressions.expression(1) + ") }}",
            () -> "{{ q(1, 2, 3, x=4) }}",
            () -> "{{ q() | length }}",
            () -> tag("call q(" + expressions.expression(1) + ")") + "c" + tag("endcall"));
  }

  /** Prints templates for scripts/oracle/chat/reference.py: seed, count. */
  public static void main(String[] args) {
    var generator = new TemplateGenerator(Long.parseLong(args[0]));
    var out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    for (int i = Integer.parseInt(args[1]); i > 0; i--) {
      out.println(asCase(generator.template()));
    }
  }

  /** A line that the reference reads. */
  static String asCase(String template) {
    try {
      return JSON.writeValueAsString(
          Map.of("template", template, "variables", GeneratedVariables.ALL));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
