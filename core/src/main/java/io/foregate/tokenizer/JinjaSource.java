package io.foregate.tokenizer;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Brings a chat template into the part of Jinja that Jinjava reads as Python's Jinja2 does.
 *
 * <ul>
 *   <li>White space is trimmed here, exactly as Jinja2 with {@code trim_blocks} and {@code
 *       lstrip_blocks} trims it, and the marks that ask for it are removed, because Jinjava's own
 *       rules differ.
 *   <li>Comments and {@code {% generation %}} tags, which only mark text for training, go.
 *   <li>Expressions are rewritten by {@link JinjaExpression}.
 *   <li>A loop's filter, {@code {% for x in y if z %}}, becomes a loop that collects and a loop
 *       over what was kept.
 * </ul>
 */
final class JinjaSource {
  private static final Pattern GENERATION = Pattern.compile("(end)?generation");
  private static final Pattern END_RAW = Pattern.compile("\\{%[-+]?\\s*endraw\\s*([-+]?)%}");

  private final String template;
  private final StringBuilder out = new StringBuilder();
  private int position;
  private int loops;
  private int tagLine; // of the tag being read, from 0
  private boolean trimLeft; // the last tag ended in -
  private boolean trimNewline; // the last tag was a block

  private JinjaSource(String template) {
    this.template = template;
  }

  /** The template in Jinjava's terms. */
  static String adapt(String template) {
    String text = template.replace("\r\n", "\n").replace('\r', '\n');
    if (text.endsWith("\n")) {
      text = text.substring(0, text.length() - 1);
    }
    return new JinjaSource(text).adapt();
  }

  private String adapt() {
    while (position < template.length()) {
      int tag = nextTag(position);
      text(tag);
      if (tag < template.length()) {
        tag(tag);
      }
    }
    return out.toString();
  }

  private int nextTag(int from) {
    for (int i = template.indexOf('{', from); i >= 0; i = template.indexOf('{', i + 1)) {
      if (i + 1 < template.length() && "{%#".indexOf(template.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return template.length();
  }

  /** Emits the text up to a tag, trimmed as the tags around it ask for. */
  private void text(int tag) {
    String text = template.substring(position, tag);
    boolean atLineStart = position == 0 || template.charAt(position - 1) == '\n';
    if (trimLeft) {
      text = text.stripLeading();
    } else if (trimNewline && text.startsWith("\n")) {
      text = text.substring(1);
      atLineStart = true;
    }
    position = tag;
    if (tag == template.length()) {
      out.append(text);
      return;
    }
    text = trimEnd(text, tag, atLineStart);
    if (text.endsWith("{")) { // must not become part of the tag that now follows it
      out.append(text, 0, text.length() - 1).append("{{ '{' }}");
    } else {
      out.append(text);
    }
  }

  private String trimEnd(String text, int tag, boolean atLineStart) {
    char mark = tag + 2 < template.length() ? template.charAt(tag + 2) : ' ';
    if (mark == '-') {
      return text.stripTrailing();
    }
    if (mark == '+' || template.charAt(tag + 1) == '{') {
      return text;
    }
    int lineStart = text.lastIndexOf('\n') + 1;
    boolean onlySpaceBefore = text.substring(lineStart).isBlank();
    return onlySpaceBefore && (lineStart > 0 || atLineStart) ? text.substring(0, lineStart) : text;
  }

  private void tag(int start) {
    char kind = template.charAt(start + 1);
    String close = kind == '{' ? "}}" : kind == '%' ? "%}" : "#}";
    int end = kind == '#' ? template.indexOf(close, start + 2) : closing(start + 2, close);
    if (end < 0) {
      throw new TemplateFault(
          "line %d: a tag or comment is not closed"
              .formatted(newLines(template.substring(0, start)) + 1));
    }
    tagLine = newLines(template.substring(0, start));
    String inside = template.substring(start + 2, end);
    trimLeft = inside.endsWith("-");
    trimNewline = kind != '{' && !inside.endsWith("+");
    position = end + 2;
    String body = inside.replaceFirst("^[-+]", "").replaceFirst("[-+]$", "").strip();
    if (kind == '{') {
      open("{{").append(JinjaExpression.adapt(body)).append(" }}");
    } else if (kind == '%') {
      block(body);
    }
  }

  /** Where the tag closes, quotes observed; -1 if it does not. */
  private int closing(int from, String close) {
    char quote = 0;
    for (int i = from; i < template.length(); i++) {
      char c = template.charAt(i);
      if (quote != 0) {
        if (c == '\\') {
          i++;
        } else if (c == quote) {
          quote = 0;
        }
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else if (template.startsWith(close, i)) {
        return i;
      }
    }
    return -1;
  }

  private void block(String body) {
    if (GENERATION.matcher(body).matches()) {
      return;
    }
    if (body.equals("raw")) {
      raw();
      return;
    }
    if (body.startsWith("for ")) {
      int in = keyword(body, "in");
      loop(body.substring(3, Math.max(3, in)), body.substring(Math.max(3, in + 2)));
    } else if (body.startsWith("macro ")) {
      open("{%").append(body).append(" %}"); // names and defaults, no expression
    } else {
      emit(body);
    }
  }

  private void loop(String variables, String rest) {
    int filter = keyword(rest, "if");
    if (filter < 0) {
      emit("for" + variables + "in" + rest);
    } else {
      String kept = "kept__" + loops++;
      String item = variables.contains(",") ? "[" + variables + "]" : variables;
      emit("set " + kept + " = []");
      emit("for" + variables + "in" + rest.substring(0, filter));
      emit("if" + rest.substring(filter + 2));
      emit("do " + kept + ".__append__(" + item + ")");
      emit("endif");
      emit("endfor");
      emit("for" + variables + "in " + kept);
    }
    out.append("{{ '' }}"); // so that each turn of an empty loop counts as a step
  }

  /** Where a word stands in an expression outside quotes and brackets; -1 if it does not. */
  private static int keyword(String expression, String word) {
    int depth = 0;
    int at = 0;
    for (String token : JinjaExpression.tokens(expression)) {
      char first = token.charAt(0);
      if ("([{".indexOf(first) >= 0) {
        depth++;
      } else if (")]}".indexOf(first) >= 0) {
        depth--;
      } else if (depth == 0 && token.equals(word)) {
        return at;
      }
      at += token.length();
    }
    return -1;
  }

  private void raw() {
    Matcher end = END_RAW.matcher(template);
    int stop = end.find(position) ? end.start() : template.length();
    String text = template.substring(position, stop);
    if (trimLeft) {
      text = text.stripLeading();
    } else if (text.startsWith("\n")) {
      text = text.substring(1);
    }
    out.append("{% raw %}").append(text).append("{% endraw %}");
    position = stop == template.length() ? stop : end.end();
    trimLeft = stop < template.length() && end.group(1).equals("-");
    trimNewline = true;
  }

  private void emit(String body) {
    open("{%").append(JinjaExpression.adapt(body)).append(" %}");
  }

  /** Begins a tag on the line that it has in the template, so that errors name the right one. */
  private StringBuilder open(String brace) {
    int missing = Math.max(0, tagLine - newLines(out));
    return out.append(brace).append(' ').append("\n".repeat(missing));
  }

  private static int newLines(CharSequence text) {
    return (int) text.chars().filter(c -> c == '\n').count();
  }
}
