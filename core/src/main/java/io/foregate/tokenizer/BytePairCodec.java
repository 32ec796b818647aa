package io.foregate.tokenizer;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufMetadata;
import io.foregate.gguf.KnownValues;
import io.foregate.gguf.MetadataKey;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Byte-level BPE ({@code tokenizer.ggml.model = gpt2}): the text is split into words by the model's
 * regular expressions, each word is spelled in bytes, and neighbours merge in the order of the
 * file's list of merges.
 */
final class BytePairCodec implements TokenCodec {
  private static final String MERGES = "tokenizer.ggml.merges";

  private final Vocabulary vocabulary;
  private final PreTokenizer preTokenizer;
  private final MergeTable merges;
  // Symbols are token ids; spellings that only occur inside merges are numbered after the tokens.
  private final List<String> inBetween;
  private final int[] byteSymbols = new int[256];

  BytePairCodec(GgufMetadata metadata, Vocabulary vocabulary, PreTokenizer preTokenizer) {
    this.vocabulary = vocabulary;
    this.preTokenizer = preTokenizer;
    Map<String, Integer> extra = new HashMap<>();
    for (int b = 0; b < byteSymbols.length; b++) {
      byteSymbols[b] = symbol(Character.toString(ByteAlphabet.charOf(b)), extra);
    }
    List<String> pairs = KnownValues.of(metadata).texts(MetadataKey.MERGES);
    merges = new MergeTable(pairs.size());
    for (int rank = 0; rank < pairs.size(); rank++) {
      String pair = pairs.get(rank);
      int gap = pair.indexOf(' ', 1);
      if (gap < 0 || gap == pair.length() - 1) {
        throw new ForegateException(
            "%s[%d] is '%s', expected two symbols with a space between"
                .formatted(MERGES, rank, pair),
            "The file's vocabulary is damaged: convert the model again, or get another copy.");
      }
      String left = pair.substring(0, gap);
      String right = pair.substring(gap + 1);
      merges.add(
          symbol(left, extra), symbol(right, extra), rank, symbol(left.concat(right), extra));
    }
    var spellings = new String[extra.size()];
    extra.forEach((spelling, symbol) -> spellings[symbol - vocabulary.size()] = spelling);
    inBetween = List.of(spellings);
  }

  /** What files of this family may leave out, given how they split words. */
  static Vocabulary.Defaults defaults(PreTokenizer preTokenizer) {
    return new Vocabulary.Defaults(-1, -1, -1, preTokenizer.addsBos());
  }

  private int symbol(String spelling, Map<String, Integer> extra) {
    int id = vocabulary.find(spelling);
    return id >= 0 ? id : extra.computeIfAbsent(spelling, any -> vocabulary.size() + extra.size());
  }

  @Override
  public void encode(String text, boolean afterSpecial, PairMerger merger, IntList ids) {
    IntList ends = preTokenizer.split(text);
    int start = 0;
    for (int i = 0; i < ends.size(); i++) {
      encodeWord(text.substring(start, ends.get(i)), merger, ids);
      start = ends.get(i);
    }
  }

  private void encodeWord(String word, PairMerger merger, IntList ids) {
    byte[] utf8 = word.getBytes(StandardCharsets.UTF_8);
    if (preTokenizer.prefersWholeWords()) {
      int whole = vocabulary.find(ByteAlphabet.write(utf8));
      if (whole >= 0) {
        ids.add(whole);
        return;
      }
    }
    merger.begin();
    for (int i = 0; i < utf8.length; i++) {
      merger.add(byteSymbols[utf8[i] & 0xff], i);
    }
    merger.merge(utf8.length, (left, right, from, to) -> merges.find(left, right));
    for (int i = 0; i >= 0; i = merger.next(i)) {
      addSymbol(merger.id(i), ids);
    }
  }

  private void addSymbol(int symbol, IntList ids) {
    if (symbol < vocabulary.size()) {
      ids.add(symbol);
      return;
    }
    for (byte b : ByteAlphabet.read(inBetween.get(symbol - vocabulary.size()))) {
      int id = byteSymbols[b & 0xff];
      ids.add(id < vocabulary.size() ? id : unknown(b & 0xff));
    }
  }

  private int unknown(int b) {
    return vocabulary
        .unk()
        .orElseThrow(
            () ->
                new ForegateException(
                    "the vocabulary cannot express byte 0x%02X: it has no token for it, and no %s"
                        .formatted(b, "unknown token"),
                    "Leave the character out, or use a model with a complete vocabulary."));
  }

  @Override
  public byte[] bytes(int token) {
    String text = vocabulary.text(token);
    return vocabulary.type(token) == TokenType.BYTE
        ? TokenType.byteOf(text)
        : ByteAlphabet.read(text);
  }

  @Override
  public boolean addsSpace() {
    return false;
  }
}
