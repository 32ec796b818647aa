package io.foregate.calibrate;

import io.foregate.engine.Engine;
import io.foregate.error.ForegateException;
import io.foregate.evaluate.NamedText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Texts as token ids. */
final class TokenizedTexts {
  private TokenizedTexts() {}

  /**
   * The first tokens of each text.
   *
   * @param most tokens of a text, negative for all
   * @throws ForegateException if one has none
   */
  static List<int[]> encode(Engine engine, List<NamedText> texts, int most) {
    List<int[]> all = new ArrayList<>();
    for (NamedText text : texts) {
      int[] ids = engine.tokenizer().encode(text.text(), true, false);
      int count = most < 0 ? ids.length : Math.min(most, ids.length);
      if (count == 0) {
        throw new ForegateException(text.name() + ": is empty", "Give a longer text.");
      }
      all.add(Arrays.copyOf(ids, count));
    }
    return all;
  }

  /** Of all texts together. */
  static long tokens(List<int[]> texts) {
    return texts.stream().mapToLong(text -> text.length).sum();
  }

  static List<String> names(List<NamedText> texts) {
    return texts.stream().map(NamedText::shortName).toList();
  }
}
