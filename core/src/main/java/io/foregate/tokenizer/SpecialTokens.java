package io.foregate.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * Finds the special tokens of a vocabulary in a text. The longest token is looked for first, in the
 * whole text, then the next shorter one in what is left, as llama.cpp does. Immutable.
 */
final class SpecialTokens {
  /** A piece of a text: plain text, or a special token found in it. */
  sealed interface Fragment {
    record Text(String text) implements Fragment {}

    record Special(int id) implements Fragment {}
  }

  /** {@code eatsSpaceAfter}: ASCII white space that follows the token belongs to it. */
  private record Entry(int id, String text, boolean onRequest, boolean eatsSpaceAfter) {}

  /** Tokens that do not eat white space in a phi-3 vocabulary, whose other special tokens do. */
  private static final Set<String> PHI3_PLAIN = Set.of("<unk>", "<s>", "<|endoftext|>");

  private final List<Entry> entries; // longest in UTF-8 first
  private final AhoCorasick finder;

  /** The special tokens of that vocabulary. */
  SpecialTokens(Vocabulary vocabulary) {
    var found = new ArrayList<Entry>();
    for (int id = 0; id < vocabulary.size(); id++) {
      TokenType type = vocabulary.type(id);
      if (type == TokenType.CONTROL
          || type == TokenType.USER_DEFINED
          || type == TokenType.UNKNOWN) {
        String text = vocabulary.text(id);
        boolean eats = vocabulary.isPhi3() && !PHI3_PLAIN.contains(text);
        found.add(new Entry(id, text, type != TokenType.USER_DEFINED, eats));
      }
    }
    found.sort(
        Comparator.comparingInt(
            (Entry entry) -> -entry.text().getBytes(StandardCharsets.UTF_8).length));
    entries = List.copyOf(found);
    finder = new AhoCorasick(entries.stream().map(Entry::text).toList());
  }

  /**
   * Splits a text.
   *
   * @param parseSpecial whether control tokens are looked for as well; user-defined ones always are
   */
  List<Fragment> split(String text, boolean parseSpecial) {
    List<Fragment> fragments = new ArrayList<>();
    if (text.isEmpty()) {
      return fragments;
    }
    fragments.add(new Fragment.Text(text));
    // One pass, so that thousands of special tokens that are not there cost nothing.
    BitSet present = finder.in(text);
    for (int i = present.nextSetBit(0); i >= 0; i = present.nextSetBit(i + 1)) {
      Entry entry = entries.get(i);
      if (parseSpecial || !entry.onRequest()) {
        fragments = splitAll(fragments, entry);
      }
    }
    return fragments;
  }

  private static List<Fragment> splitAll(List<Fragment> fragments, Entry entry) {
    var result = new ArrayList<Fragment>();
    for (Fragment fragment : fragments) {
      switch (fragment) {
        case Fragment.Special special -> result.add(special);
        case Fragment.Text(String text) -> splitOne(text, entry, result);
      }
    }
    return result;
  }

  private static void splitOne(String text, Entry entry, List<Fragment> result) {
    int done = 0;
    for (int hit = text.indexOf(entry.text()); hit >= 0; hit = text.indexOf(entry.text(), done)) {
      addText(text.substring(done, hit), result);
      result.add(new Fragment.Special(entry.id()));
      done = hit + entry.text().length();
      while (entry.eatsSpaceAfter() && done < text.length() && isAsciiSpace(text.charAt(done))) {
        done++;
      }
    }
    addText(text.substring(done), result);
  }

  private static void addText(String text, List<Fragment> result) {
    if (!text.isEmpty()) {
      result.add(new Fragment.Text(text));
    }
  }

  private static boolean isAsciiSpace(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
  }
}
