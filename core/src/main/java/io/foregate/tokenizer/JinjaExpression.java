package io.foregate.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Rewrites what Jinjava's expressions read otherwise than Python's: {@code not} binds less tightly
 * than comparisons and tests, and gets its parentheses; a slice's bounds get parentheses, as
 * Jinjava takes no sums there, and so do named arguments; {@code x[::-1]} becomes a method call.
 */
final class JinjaExpression {
  private static final Set<String> ENDS_NOT = Set.of("and", "or", "if", "else", ",", ":");

  /** An escape sequence; the groups are the code of its character, if it has one. */
  private static final Pattern ESCAPE =
      Pattern.compile("\\\\(?:u(?<u>\\p{XDigit}{4})|x(?<x>\\p{XDigit}{2})|.)", Pattern.DOTALL);

  private final List<String> tokens;
  private int next;

  private JinjaExpression(String text) {
    tokens = tokens(text);
  }

  /** Strings, words, runs of white space, and operators; together they are the text. */
  static List<String> tokens(String text) {
    var tokens = new ArrayList<String>();
    for (int start = 0; start < text.length(); ) {
      int end = tokenEnd(text, start);
      tokens.add(text.substring(start, end));
      start = end;
    }
    return tokens;
  }

  private static int tokenEnd(String text, int start) {
    char first = text.charAt(start);
    int end = start + 1;
    if (first == '\'' || first == '"') {
      while (end < text.length() && text.charAt(end) != first) {
        end += text.charAt(end) == '\\' ? 2 : 1;
      }
      return Math.min(end + 1, text.length());
    }
    if ("=!<>".indexOf(first) >= 0) {
      return text.startsWith("=", end) ? end + 1 : end;
    }
    while (end < text.length() && kind(first) != 0 && kind(text.charAt(end)) == kind(first)) {
      end++;
    }
    return end;
  }

  /** 1 for the characters of words, 2 for white space, 0 for others. */
  private static int kind(char c) {
    return Character.isLetterOrDigit(c) || c == '_' ? 1 : Character.isWhitespace(c) ? 2 : 0;
  }

  /** The expression, or the inside of a tag, in Jinjava's terms. */
  static String adapt(String text) {
    var expression = new JinjaExpression(text);
    var result = new StringBuilder();
    while (expression.next < expression.tokens.size()) {
      result.append(String.join(":", expression.parts(false)));
      if (expression.next < expression.tokens.size()) { // a bracket that nothing opened
        result.append(expression.tokens.get(expression.next++));
      }
    }
    return result.toString();
  }

  /** Reads up to the end or a closing bracket; the text between colons, adapted. */
  private List<String> parts(boolean call) {
    var parts = new ArrayList<String>();
    var part = new StringBuilder();
    int open = 0; // parentheses that wait for the end of a not
    String named = ""; // the parenthesis that waits for the end of a named argument
    String before = "";
    for (; next < tokens.size() && !isClosing(tokens.get(next)); next++) {
      String token = tokens.get(next);
      if (ENDS_NOT.contains(token)) {
        part.append(")".repeat(open));
        open = 0;
      }
      if (token.equals(",")) {
        part.append(named);
        named = "";
      }
      if (token.equals(":")) {
        parts.add(part.toString());
        part.setLength(0);
      } else if (isOpening(token)) {
        bracket(token, before, part);
      } else if (token.equals("not") && !before.equals("is") && !peek().equals("in")) {
        part.append("not (");
        open++;
      } else if (call && token.equals("=")) {
        part.append("=(");
        named = ")";
      } else if (token.equals("+") || (token.equals("-") && isOperand(before))) {
        part.append(' ').append(token).append(' '); // Jinjava reads 1+1 as two numbers
      } else {
        part.append(isQuoted(token) ? spellOut(token) : token);
      }
      before = token.isBlank() ? before : next < tokens.size() ? tokens.get(next) : token;
    }
    parts.add(part.append(")".repeat(open)).append(named).toString());
    return parts;
  }

  private void bracket(String bracket, String before, StringBuilder out) {
    next++;
    List<String> inside = parts(bracket.equals("("));
    String close = next < tokens.size() ? tokens.get(next) : "";
    boolean subscript = bracket.equals("[") && isOperand(before);
    if (!subscript || inside.size() == 1) {
      out.append(bracket).append(String.join(":", inside)).append(close);
    } else if (inside.size() == 3 && String.join("", inside).strip().equals("-1")) {
      out.append(".__reversed__()");
    } else {
      out.append("[").append(bound(inside.get(0)));
      for (String bound : inside.subList(1, inside.size())) {
        out.append(":").append(bound(bound));
      }
      out.append("]");
    }
  }

  private static boolean isOperand(String token) {
    return !token.isEmpty()
        && (kind(token.charAt(0)) == 1 || ")]'\"".indexOf(token.charAt(0)) >= 0);
  }

  private static String bound(String text) {
    return text.isBlank() || text.strip().matches("-?\\d+") ? text.strip() : "(" + text + ")";
  }

  private String peek() {
    for (int i = next + 1; i < tokens.size(); i++) {
      if (!tokens.get(i).isBlank()) {
        return tokens.get(i);
      }
    }
    return "";
  }

  private static boolean isQuoted(String token) {
    return token.startsWith("'") || token.startsWith("\"");
  }

  /** A quoted text with the characters that it gives by their codes, which Jinjava cannot read. */
  private static String spellOut(String quoted) {
    return ESCAPE.matcher(quoted).replaceAll(e -> Matcher.quoteReplacement(spellOut(e)));
  }

  private static String spellOut(MatchResult escape) {
    String code = escape.group("u") != null ? escape.group("u") : escape.group("x");
    if (code == null) {
      return escape.group();
    }
    String character = Character.toString(Integer.parseInt(code, 16));
    return "'\"\\".contains(character) ? "\\" + character : character;
  }

  private static boolean isOpening(String token) {
    return token.equals("(") || token.equals("[") || token.equals("{");
  }

  private static boolean isClosing(String token) {
    return token.equals(")") || token.equals("]") || token.equals("}");
  }
}
