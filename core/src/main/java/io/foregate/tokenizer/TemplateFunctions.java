package io.foregate.tokenizer;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The functions that Hugging Face's transformers gives to chat templates. */
final class TemplateFunctions {
  /** A template's own refusal: its message is meant for the user. */
  static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refusal(String message) {
      super(message);
    }
  }

  private TemplateFunctions() {}

  /** {@code raise_exception(message)}. */
  public static Object raiseException(Object message) {
    throw new Refusal(String.valueOf(message));
  }

  /** {@code strftime_now(format)}: the current local time in C's notation. */
  public static String strftimeNow(String format) {
    var config = JinjavaInterpreter.getCurrent().getConfig();
    Instant now = Instant.ofEpochMilli(config.getDateTimeProvider().getCurrentTimeMillis());
    return strftime(format, now.atZone(config.getTimeZone()));
  }

  private static String strftime(String format, ZonedDateTime time) {
    var result = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        result.append(c);
        continue;
      }
      boolean unpadded = format.charAt(i + 1) == '-' && i + 2 < format.length();
      i += unpadded ? 2 : 1;
      String field = field(format.charAt(i), time);
      result.append(unpadded ? field.replaceFirst("^0+(?=\\d)", "") : field);
    }
    return result.toString();
  }

  private static String field(char directive, ZonedDateTime time) {
    String pattern =
        switch (directive) {
          case 'Y' -> "yyyy";
          case 'y' -> "yy";
          case 'm' -> "MM";
          case 'd' -> "dd";
          case 'H' -> "HH";
          case 'I' -> "hh";
          case 'M' -> "mm";
          case 'S' -> "ss";
          case 'p' -> "a";
          case 'j' -> "DDD";
          case 'B' -> "MMMM";
          case 'b', 'h' -> "MMM";
          case 'A' -> "EEEE";
          case 'a' -> "EEE";
          case 'F' -> "yyyy-MM-dd";
          case 'T' -> "HH:mm:ss";
          case 'Z' -> "zzz";
          case 'z' -> "xx";
          case '%' -> "'%'";
          default -> throw new TemplateFault("strftime_now does not know %" + directive);
        };
    return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
  }
}
