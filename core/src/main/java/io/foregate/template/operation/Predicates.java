package io.foregate.template.operation;

import io.foregate.template.value.Budget;
import io.foregate.template.value.Printer;
import java.util.function.IntPredicate;

/** Python's {@code str.isalpha} and its like. */
public final class Predicates {
  /** Numbers in ideographs; Python's database knows more, which no template asks for. */
  private static final String IDEOGRAPHS = "〇一二三四五六七八九十百千万萬億兆零两壱弐参";

  private Predicates() {}

  /** The answer, or null for a name that is none of them. */
  public static Boolean test(String name, String s, Budget budget) {
    budget.scan(s.length());
    return switch (name) {
      case "isalpha" -> all(s, Character::isLetter);
      case "isdecimal" -> all(s, Character::isDigit);
      case "isdigit" -> all(s, Predicates::isDigit);
      case "isnumeric" -> all(s, Predicates::isNumeric);
      case "isalnum" -> all(s, c -> Character.isLetter(c) || isNumeric(c));
      case "isspace" -> all(s, Chars::isSpace);
      case "isascii" -> s.chars().allMatch(c -> c < 0x80);
      case "isprintable" -> s.codePoints().allMatch(Printer::isPrintable);
      case "isidentifier" -> isIdentifier(s);
      case "islower" -> cased(s, Character::isLowerCase);
      case "isupper" -> cased(s, Character::isUpperCase);
      case "istitle" -> isTitle(s);
      default -> null;
    };
  }

  private static boolean all(String s, IntPredicate test) {
    return !s.isEmpty() && s.codePoints().allMatch(test);
  }

  private static boolean cased(String s, IntPredicate wanted) {
    return s.codePoints().anyMatch(wanted)
        && s.codePoints().allMatch(c -> wanted.test(c) || !Text.isCased(c));
  }

  private static boolean isTitle(String s) {
    boolean inWord = false;
    boolean any = false;
    for (int i = 0; i < s.length(); ) {
      int point = s.codePointAt(i);
      boolean begins = Character.isUpperCase(point) || Character.isTitleCase(point);
      if (inWord ? begins : Character.isLowerCase(point)) {
        return false;
      }
      inWord = Text.isCased(point);
      any |= inWord;
      i += Character.charCount(point);
    }
    return any;
  }

  private static boolean isIdentifier(String s) {
    return !s.isEmpty()
        && (s.charAt(0) == '_' || Character.isUnicodeIdentifierStart(s.codePointAt(0)))
        && s.codePoints()
            .allMatch(
                c ->
                    c == '_'
                        || (Character.isUnicodeIdentifierPart(c)
                            && !Character.isIdentifierIgnorable(c)));
  }

  private static boolean isDigit(int c) {
    return Character.isDigit(c)
        || c == 0xb2
        || c == 0xb3
        || c == 0xb9
        || c == 0x2070
        || (c >= 0x2074 && c <= 0x2079)
        || (c >= 0x2080 && c <= 0x2089)
        || (c >= 0x2460 && c <= 0x2468)
        || (c >= 0x2474 && c <= 0x247c)
        || (c >= 0x2488 && c <= 0x2490)
        || (c >= 0x2776 && c <= 0x277e);
  }

  private static boolean isNumeric(int c) {
    int type = Character.getType(c);
    return Character.isDigit(c)
        || type == Character.LETTER_NUMBER
        || type == Character.OTHER_NUMBER
        || IDEOGRAPHS.indexOf(c) >= 0;
  }
}
