package io.foregate.template.value;

/** HTML: texts that are marked as safe, and escaping of others (markupsafe's rules). */
public final class Markup {
  private Markup() {}

  /** One text after another; if either is marked, the other is escaped. */
  public static Str concatenate(Str a, Str b, Budget budget) {
    if (a.isSafe() == b.isSafe()) {
      budget.text((long) a.text().length() + b.text().length());
      return new Str(a.text().concat(b.text()), a.isSafe());
    }
    String left = escaped(a, budget);
    String right = escaped(b, budget);
    budget.text((long) left.length() + right.length());
    return new Str(left.concat(right), true);
  }

  /** Python's {@code markupsafe.escape(value)}. */
  public static Str escape(Value value, Budget budget) {
    Str text = value instanceof Str s ? s : Str.of(Printer.str(value, budget));
    return new Str(escaped(text, budget), true);
  }

  /** A text without characters that mean something in HTML, unless they are meant. */
  public static String escaped(Str text, Budget budget) {
    return text.isSafe() ? text.text() : escaped(text.text(), budget);
  }

  /** Any text without characters that mean something in HTML. */
  public static String escaped(String text, Budget budget) {
    var out = new TextBuilder(budget);
    int done = 0;
    for (int i = 0; i < text.length(); i++) {
      String name =
          switch (text.charAt(i)) {
            case '&' -> "&amp;";
            case '<' -> "&lt;";
            case '>' -> "&gt;";
            case '"' -> "&#34;";
            case '\'' -> "&#39;";
            default -> null;
          };
      if (name != null) {
        out.append(text, done, i).append(name);
        done = i + 1;
      }
    }
    return done == 0 ? text : out.append(text, done, text.length()).toString();
  }
}
