package io.foregate.quant.assembled.lane;

import io.foregate.assembly.Vec;
import io.foregate.quant.format.BitField;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Bits of a block, brought into lanes of 32 bits: for each of a block's 16 lanes, some fields.
 *
 * <p>Where few bytes hold them all, a shuffle takes those that each lane needs; else permutations
 * take whole words. Fields are shifted and masked from there.
 */
final class LaneFields {
  /** Bytes that a shuffle takes from. */
  private static final int WINDOW = 16;

  /** What a shuffle makes a zero of. */
  private static final int NOTHING = 0x80;

  private final List<List<BitField>> lanes = new ArrayList<>();

  /** Adds the next lane's; those that follow each other in both places become one. */
  void add(List<BitField> fields) {
    var merged = new ArrayList<BitField>();
    for (BitField field : fields) {
      BitField last = merged.isEmpty() ? null : merged.getLast();
      if (last != null
          && field.place() == last.place() + last.width()
          && field.to() == last.to() + last.width()) {
        merged.removeLast();
        merged.add(new BitField(last.place(), last.width() + field.width(), last.to()));
      } else {
        merged.add(field);
      }
    }
    lanes.add(merged);
  }

  /** Reads the fields of a part's lanes; all other bits become zero. */
  void read(ProductFrame f, int part, Vec to) {
    List<List<BitField>> fields = lanes.subList(part * f.lanes(), (part + 1) * f.lanes());
    int count = fields.stream().mapToInt(List::size).max().orElseThrow();
    int taken = f.taken();
    int begin = f.within(firstByte(fields.stream().flatMap(List::stream)), WINDOW);
    if (fields.stream().flatMap(List::stream).allMatch(field -> isNear(field, begin))) {
      shuffle(f, fields, count, begin, to);
    } else {
      permute(f, fields, count, to);
    }
    f.release(taken);
  }

  private static int firstByte(Stream<BitField> fields) {
    return fields.mapToInt(field -> field.place() / 8).min().orElseThrow();
  }

  /** Whether a field is in one byte, and that among those from {@code begin} on. */
  private static boolean isNear(BitField field, int begin) {
    return field.place() / 8 < begin + WINDOW && field.place() % 8 + field.width() <= 8;
  }

  /** The n-th field of each lane, null where there is none. */
  private static BitField[] nth(List<List<BitField>> lanes, int n) {
    return lanes.stream()
        .map(fields -> n < fields.size() ? fields.get(n) : null)
        .toArray(BitField[]::new);
  }

  private static void shuffle(
      ProductFrame f, List<List<BitField>> lanes, int count, int begin, Vec to) {
    Vec raw = count > 1 ? f.take() : to;
    f.a.vbroadcasti128(raw, f.weights(begin));
    f.a.vpshufb(raw, raw, f.constants.lanes(lane -> shuffled(lanes.get(lane), begin)));
    Vec scratch = count > 1 ? f.take() : to;
    for (int n = 0; n < count; n++) {
      BitField[] fields = nth(lanes, n);
      var at = new int[fields.length];
      for (int lane = 0; lane < at.length; lane++) {
        BitField field = fields[lane];
        at[lane] = field == null ? 0 : 8 * byteOf(lanes.get(lane), n) + field.place() % 8;
      }
      var slot = new LaneSlot(fields, at, count == 1);
      if (n == 0) {
        slot.begin(f, to, raw);
      } else {
        slot.add(f, to, raw, scratch);
      }
    }
  }

  /** The bytes that a lane takes. */
  private static int shuffled(List<BitField> fields, int begin) {
    int[] from = {NOTHING, NOTHING, NOTHING, NOTHING};
    for (int n = 0; n < fields.size(); n++) {
      from[byteOf(fields, n)] = fields.get(n).place() / 8 - begin;
    }
    return from[0] | from[1] << 8 | from[2] << 16 | from[3] << 24;
  }

  /** Which byte of its lane has the n-th field: the n-th, or where one alone belongs already. */
  private static int byteOf(List<BitField> fields, int n) {
    BitField field = fields.get(n);
    boolean there = fields.size() == 1 && field.to() % 8 == field.place() % 8;
    return there ? field.to() / 8 : n;
  }

  private static void permute(ProductFrame f, List<List<BitField>> lanes, int count, Vec to) {
    Vec scratch = count > 1 ? f.take() : to;
    for (int n = 0; n < count; n++) {
      BitField[] fields = nth(lanes, n);
      int[] words = words(f, fields);
      int[] at = new int[fields.length];
      for (int lane = 0; lane < at.length; lane++) {
        at[lane] = fields[lane] == null ? 0 : fields[lane].place() - 8 * words[lane];
      }
      var slot = new LaneSlot(fields, at, false);
      Vec v = n == 0 ? to : scratch;
      int taken = f.taken();
      WordWindow.of(f, List.of(words)).permute(f, v, 0);
      f.release(taken);
      if (n == 0) {
        slot.begin(f, to, v);
      } else {
        slot.add(f, to, v, v);
      }
    }
  }

  /** Where the words begin that lanes take for their fields: whole words apart from each other. */
  private static int[] words(ProductFrame f, BitField[] fields) {
    int first = firstByte(Stream.of(fields).filter(Objects::nonNull));
    for (int base = first; base > first - 4; base--) {
      int begin = base;
      int[] words =
          Stream.of(fields)
              .mapToInt(field -> field == null ? first : field.place() / 8)
              .map(at -> begin + (at - begin) / 4 * 4)
              .toArray();
      boolean whole =
          IntStream.range(0, words.length)
              .allMatch(
                  lane ->
                      fields[lane] == null
                          || fields[lane].place() + fields[lane].width() <= 8 * words[lane] + 32);
      if (whole && WordWindow.exists(f, List.of(words))) {
        return words;
      }
    }
    throw new IllegalArgumentException("fields from byte %d on".formatted(first));
  }
}
