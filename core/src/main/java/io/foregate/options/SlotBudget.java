package io.foregate.options;

import io.foregate.error.ForegateException;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How much device memory experts may take, as {@code --expert-slots} says it. */
public sealed interface SlotBudget {

  /** A number of slots. */
  record Count(int slots) implements SlotBudget {}

  /** A share of all experts, in per cent. */
  record Percent(double percent) implements SlotBudget {}

  /** What the device has left; a backend knows how many bytes that are. */
  record Auto() implements SlotBudget {}

  /** A number of bytes. */
  record Bytes(long bytes) implements SlotBudget {}

  /** What policies that move experts get without being asked for, as {@link #parse} takes it. */
  String DEFAULT = "50%";

  Pattern TEXT = Pattern.compile("(\\d{1,15}(?:\\.\\d{1,15})?)\\s*(%?)");

  /** {@link #DEFAULT}: half of the experts. */
  static SlotBudget standard() {
    return parse(DEFAULT);
  }

  /** Reads {@code 24}, {@code 25%}, a size as {@link ByteSize} takes it, or {@code auto}. */
  static SlotBudget parse(String text) {
    Objects.requireNonNull(text, "text");
    if (text.strip().equalsIgnoreCase("auto")) {
      return new Auto();
    }
    OptionalLong size = ByteSize.parse(text);
    if (size.isPresent()) {
      return new Bytes(size.getAsLong());
    }
    Matcher matcher = TEXT.matcher(text.strip());
    if (!matcher.matches()) {
      throw wrong(text);
    }
    double value = Double.parseDouble(matcher.group(1));
    if (matcher.group(2).equals("%")) {
      if (value <= 0 || value > 100) {
        throw wrong(text);
      }
      return new Percent(value);
    }
    if (value != Math.rint(value) || value < 1 || value > Integer.MAX_VALUE) {
      throw wrong(text);
    }
    return new Count((int) value);
  }

  /** As {@link #parse} takes it. */
  default String text() {
    return switch (this) {
      case Count count -> Integer.toString(count.slots());
      case Percent percent -> trimmed(percent.percent()) + "%";
      case Bytes bytes -> bytes.bytes() + "B";
      case Auto _ -> "auto";
    };
  }

  /** For people: {@code 24 slots}, {@code 25 %}. */
  default String describe() {
    return switch (this) {
      case Count count -> count.slots() + (isOne() ? " slot" : " slots");
      case Percent percent -> "%s %%".formatted(trimmed(percent.percent()));
      case Bytes bytes -> bytes.bytes() + (isOne() ? " byte" : " bytes");
      case Auto _ -> throw noDevice();
    };
  }

  /** Whether {@link #describe} is singular. */
  default boolean isOne() {
    return equals(new Count(1)) || equals(new Bytes(1));
  }

  /** For who has no device to ask what it has left. */
  static ForegateException noDevice() {
    return new ForegateException(
        "There is no device whose memory could be shared out automatically.",
        "Say how much experts may take: a number of them (24), a share (25%), or a size (6GiB).");
  }

  private static String trimmed(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }

  private static ForegateException wrong(String text) {
    return new ForegateException(
        "'%s' is no amount of device memory for experts.".formatted(text),
        "Give a number of experts (24), a share of them (25%), a size (6GiB), or auto.");
  }
}
