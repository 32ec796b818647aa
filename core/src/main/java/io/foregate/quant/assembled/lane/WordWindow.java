package io.foregate.quant.assembled.lane;

import io.foregate.assembly.Assembler;
import io.foregate.assembly.Vec;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * Some bytes of a block in one register or two, from which lanes take the words that they need.
 *
 * @param begin offset in the block
 * @param words offsets in the block of each lane's four bytes, for every permutation
 * @param raw the bytes
 */
record WordWindow(int begin, List<int[]> words, List<Vec> raw) {
  /** Where to load from, and how much: {@code count} times {@code bytes}, all of the block. */
  private record Span(int begin, int count, int bytes) {
    static Optional<Span> of(ProductFrame f, List<int[]> words) {
      int first = words.stream().flatMapToInt(Arrays::stream).min().orElseThrow();
      int end = words.stream().flatMapToInt(Arrays::stream).max().orElseThrow() + 4;
      int whole = f.bits / 8;
      int count = Math.ceilDiv(end - first, whole);
      int bytes = whole;
      while (count == 1 && bytes > 16 && end - first <= bytes / 2) {
        bytes /= 2;
      }
      // It may begin some whole words earlier.
      int begin = first - Math.ceilDiv(first - f.within(first, count * bytes), 4) * 4;
      boolean good = count <= 2 && begin >= 0 && end <= begin + count * bytes;
      return good ? Optional.of(new Span(begin, count, bytes)) : Optional.empty();
    }
  }

  /** Whether there are loads that have all words, and no other bytes than the block's. */
  static boolean exists(ProductFrame f, List<int[]> words) {
    return Span.of(f, words).isPresent();
  }

  /** Loads the bytes that all words need, and no others than the block's. */
  static WordWindow of(ProductFrame f, List<int[]> words) {
    Span span = Span.of(f, words).orElseThrow();
    var raw = new Vec[span.count];
    for (int i = 0; i < raw.length; i++) {
      raw[i] = f.take();
      f.a.vmovdqu(new Vec(raw[i].number(), 8 * span.bytes), f.weights(span.begin + i * span.bytes));
    }
    return new WordWindow(span.begin, words, List.of(raw));
  }

  /** Takes the {@code k}-th permutation of words. */
  void permute(ProductFrame f, Vec to, int k) {
    Assembler a = f.a;
    int lanes = f.lanes();
    int[] from = words.get(k);
    IntUnaryOperator place = lane -> (from[lane] - begin) / 4 % (lanes * raw.size());
    if (raw.size() == 1 && IntStream.range(0, lanes).allMatch(i -> place.applyAsInt(i) == i)) {
      a.vmovdqu(to, raw.getFirst());
    } else if (raw.size() == 1) {
      a.vpermd(to, f.inRegister(f.constants.lanes(place), to), raw.getFirst());
    } else if (f.bits == 512) {
      a.vmovdqu(to, f.constants.lanesInMemory(place));
      a.vpermi2d(to, raw.getFirst(), raw.getLast());
    } else {
      // The index counts modulo the lanes of one register.
      Vec second = f.take();
      Vec indexes = f.inRegister(f.constants.lanes(place), to);
      a.vpermd(second, indexes, raw.getLast());
      a.vpermd(to, indexes, raw.getFirst());
      int fromSecond = 0;
      for (int lane = 0; lane < lanes; lane++) {
        fromSecond |= ((from[lane] - begin) / 4 / lanes) << lane;
      }
      a.vpblendd(to, to, second, fromSecond);
      f.release(f.taken() - 1);
    }
  }
}
