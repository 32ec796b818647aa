package io.foregate.template.eval;

import io.foregate.template.value.Budget;
import io.foregate.template.value.TextBuilder;
import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;

/** Writes a time as glibc's {@code strftime} does, in English. */
final class Strftime {
  private static final String FLAGS = "-_0^#";

  private final ZonedDateTime time;

  private Strftime(ZonedDateTime time) {
    this.time = time;
  }

  /** A time in a format; what is no field stays as it is. */
  static String format(String format, ZonedDateTime time, Budget budget) {
    var writer = new Strftime(time);
    var out = new TextBuilder(budget);
    int at = 0;
    for (int sign = format.indexOf('%'); sign >= 0; sign = format.indexOf('%', at)) {
      out.append(format, at, sign);
      int field = sign + 1;
      char flag = 0;
      while (field < format.length() && FLAGS.indexOf(format.charAt(field)) >= 0) {
        flag = format.charAt(field++);
      }
      int width = field;
      while (width < format.length() && Character.isDigit(format.charAt(width))) {
        width++;
      }
      int letter = modified(format, width);
      String text = letter < format.length() ? writer.field(format.charAt(letter), flag) : null;
      at = text == null ? Math.min(sign + 1, format.length()) : letter + 1;
      if (text == null) {
        out.append("%");
      } else {
        int wanted =
            width - field > 4
                ? 9999
                : width == field ? 0 : Integer.parseInt(format, field, width, 10);
        String with =
            Character.isDigit(text.isEmpty() ? 'a' : text.charAt(0)) && flag != '_' ? "0" : " ";
        out.repeat(with, wanted - text.length()).append(text);
      }
    }
    return out.append(format, at, format.length()).toString();
  }

  /** Where a field's letter is: E and O before it ask for another calendar, which English lacks. */
  private static int modified(String format, int at) {
    boolean modifies =
        at + 1 < format.length()
            && (format.charAt(at) == 'E' || format.charAt(at) == 'O')
            && Character.isLetter(format.charAt(at + 1));
    return modifies ? at + 1 : at;
  }

  /** A field, or null if there is none of the name. */
  private String field(char name, char flag) {
    String text =
        switch (name) {
          case 'a' -> name(ChronoField.DAY_OF_WEEK, TextStyle.SHORT);
          case 'A' -> name(ChronoField.DAY_OF_WEEK, TextStyle.FULL);
          case 'b', 'h' -> name(ChronoField.MONTH_OF_YEAR, TextStyle.SHORT);
          case 'B' -> name(ChronoField.MONTH_OF_YEAR, TextStyle.FULL);
          case 'p' -> time.getHour() < 12 ? "AM" : "PM";
          case 'P' -> time.getHour() < 12 ? "am" : "pm";
          case 'c' -> joined("a b e H:M:S Y");
          case 'D', 'x' -> joined("m/d/y");
          case 'F' -> joined("Y-m-d");
          case 'T', 'X' -> joined("H:M:S");
          case 'R' -> joined("H:M");
          case 'r' -> joined("I:M:S p");
          case 'n' -> "\n";
          case 't' -> "\t";
          case '%' -> "%";
          case 'Z', 'z' -> ""; // Python's datetime.now() knows no zone
          default -> number(name, flag);
        };
    if (text == null) {
      return null;
    }
    return flag == '^' || (flag == '#' && "aAbBh".indexOf(name) >= 0)
        ? text.toUpperCase(Locale.ROOT)
        : flag == '#' && name == 'p' ? text.toLowerCase(Locale.ROOT) : text;
  }

  private String name(ChronoField field, TextStyle style) {
    return field == ChronoField.DAY_OF_WEEK
        ? time.getDayOfWeek().getDisplayName(style, Locale.ENGLISH)
        : time.getMonth().getDisplayName(style, Locale.ENGLISH);
  }

  /** Fields by their letters, and what is between them. */
  private String joined(String fields) {
    var out = new StringBuilder();
    for (int i = 0; i < fields.length(); i++) {
      char c = fields.charAt(i);
      out.append(Character.isLetter(c) ? field(c, (char) 0) : String.valueOf(c));
    }
    return out.toString();
  }

  private String number(char name, char flag) {
    int day = time.getDayOfYear();
    int weekday = time.getDayOfWeek().getValue();
    return switch (name) {
      case 'd' -> padded(time.getDayOfMonth(), 2, '0', flag);
      case 'e' -> padded(time.getDayOfMonth(), 2, ' ', flag);
      case 'm' -> padded(time.getMonthValue(), 2, '0', flag);
      case 'y' -> padded(time.getYear() % 100, 2, '0', flag);
      case 'Y' -> padded(time.getYear(), 1, '0', flag);
      case 'C' -> padded(time.getYear() / 100, 2, '0', flag);
      case 'H' -> padded(time.getHour(), 2, '0', flag);
      case 'k' -> padded(time.getHour(), 2, ' ', flag);
      case 'I' -> padded(1 + (time.getHour() + 11) % 12, 2, '0', flag);
      case 'l' -> padded(1 + (time.getHour() + 11) % 12, 2, ' ', flag);
      case 'M' -> padded(time.getMinute(), 2, '0', flag);
      case 'S' -> padded(time.getSecond(), 2, '0', flag);
      case 'f' -> padded(time.getNano() / 1000, 6, '0', (char) 0);
      case 'j' -> padded(day, 3, '0', flag);
      case 'u' -> String.valueOf(weekday);
      case 'w' -> String.valueOf(weekday % 7);
      case 'U' -> padded((day + 6 - weekday % 7) / 7, 2, '0', flag);
      case 'W' -> padded((day + 6 - (weekday + 6) % 7) / 7, 2, '0', flag);
      case 'V' -> padded(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2, '0', flag);
      case 'G' -> padded(time.get(IsoFields.WEEK_BASED_YEAR), 1, '0', flag);
      case 'g' -> padded(time.get(IsoFields.WEEK_BASED_YEAR) % 100, 2, '0', flag);
      case 's' -> String.valueOf(time.toEpochSecond());
      default -> null;
    };
  }

  private static String padded(int value, int width, char with, char flag) {
    String digits = String.valueOf(value);
    if (flag == '-') {
      return digits;
    }
    char fill = flag == '_' ? ' ' : flag == '0' ? '0' : with;
    return String.valueOf(fill).repeat(Math.max(0, width - digits.length())) + digits;
  }
}
