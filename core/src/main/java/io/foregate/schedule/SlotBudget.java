package io.foregate.schedule;

import io.foregate.error.ForegateException;
import java.util.Locale;
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

  Pattern TEXT =
      Pattern.compile("(\\d{1,15}(?:\\.\\d+)?)\\s*(%|[KMGT]I?B?|B)?", Pattern.CASE_INSENSITIVE);

  /** Reads {@code 24}, {@code 25%}, {@code 6GiB} (units are powers of 1024) or {@code auto}. */
  static SlotBudget parse(String text) {
    if (text.strip().equalsIgnoreCase("auto")) {
      return new Auto();
    }
    Matcher matcher = TEXT.matcher(text.strip());
    if (!matcher.matches()) {
      throw wrong(text);
    }
    double value = Double.parseDouble(matcher.group(1));
    String unit = matcher.group(2) == null ? "" : matcher.group(2).toUpperCase(Locale.ROOT);
    if (unit.isEmpty()) {
      if (value != Math.rint(value) || value < 1 || value > Integer.MAX_VALUE) {
        throw wrong(text);
      }
      return new Count((int) value);
    }
    if (unit.equals("%")) {
      if (value <= 0 || value > 100) {
        throw wrong(text);
      }
      return new Percent(value);
    }
    return new Bytes((long) (value * Math.pow(1024, "BKMGT".indexOf(unit.charAt(0)))));
  }

  /**
   * How many slots that is, at most one per expert.
   *
   * @param slotBytes bytes of one slot
   * @throws ForegateException when fewer than {@code policy} needs
   */
  default int slots(ExpertGrid grid, long slotBytes, Policy policy) {
    long found =
        switch (this) {
          case Count count -> count.slots();
          case Percent percent -> Math.round(grid.total() * percent.percent() / 100);
          case Bytes bytes -> bytes.bytes() / slotBytes;
          case Auto auto -> throw noDevice();
        };
    int slots = (int) Math.min(found, grid.total());
    int least = policy.leastSlots(grid);
    if (slots < least) {
      throw new ForegateException(
          "%s of device memory hold %d of the model's %d experts, but policy %s needs room for %d%s."
              .formatted(describe(), slots, grid.total(), policy.name(), least, why(grid, policy)),
          "Give at least --expert-slots %d (%d bytes), or another --policy."
              .formatted(least, least * slotBytes));
    }
    return slots;
  }

  private static String why(ExpertGrid grid, Policy policy) {
    if (policy.prefetch() == Policy.Prefetch.EVERYTHING) {
      return ": it keeps all of them resident";
    }
    String used = ": the %d that a token uses in a layer".formatted(grid.used());
    return policy.staging() == 0 ? used : used + " and %d to stage".formatted(policy.staging());
  }

  private String describe() {
    return switch (this) {
      case Count count -> count.slots() + " slots";
      case Percent percent -> "%s %%".formatted(trimmed(percent.percent()));
      case Bytes bytes -> bytes.bytes() + " bytes";
      case Auto auto -> throw noDevice();
    };
  }

  /** For who has no device to ask what it has left. */
  static ForegateException noDevice() {
    return new ForegateException(
        "There is no device whose memory could be shared out (--expert-slots auto).",
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
