package io.foregate.tokenizer;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufMetadata;
import io.foregate.gguf.KnownValues;
import io.foregate.gguf.MetadataKey;
import java.nio.charset.StandardCharsets;

/**
 * SentencePiece's BPE ({@code tokenizer.ggml.model = llama}): of all neighbouring symbols that
 * together are a token, those with the highest score become that token first. Characters that are
 * no token are spelled in bytes ({@code <0xE2>}). Spaces are written U+2581.
 */
final class SentencePieceCodec implements TokenCodec {
  /** What files of this family may leave out. */
  static final Vocabulary.Defaults DEFAULTS = new Vocabulary.Defaults(1, 2, 0, true);

  private static final char ESCAPED_SPACE = '\u2581';

  private final Vocabulary vocabulary;
  private final boolean addSpacePrefix;
  private final int[] byteTokens = new int[256]; // by byte value; -1 if the vocabulary has none
  private final int longest; // in chars

  SentencePieceCodec(GgufMetadata metadata, Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    addSpacePrefix = KnownValues.of(metadata).flag(MetadataKey.ADD_SPACE);
    for (int b = 0; b < byteTokens.length; b++) {
      byteTokens[b] = vocabulary.find("<0x%02X>".formatted(b));
    }
    int max = 0;
    for (int id = 0; id < vocabulary.size(); id++) {
      max = Math.max(max, vocabulary.text(id).length());
    }
    longest = max;
  }

  @Override
  public void encode(String text, boolean afterSpecial, PairMerger merger, IntList ids) {
    String prefix = addSpacePrefix && afterSpecial ? " " : "";
    String escaped = (prefix + text).replace(' ', ESCAPED_SPACE);
    merger.begin();
    for (int i = 0; i < escaped.length(); ) {
      int length = Character.charCount(escaped.codePointAt(i));
      merger.add(vocabulary.find(escaped.substring(i, i + length)), i);
      i += length;
    }
    merger.merge(escaped.length(), (left, right, from, to) -> pair(escaped, from, to));
    for (int i = 0; i >= 0; i = merger.next(i)) {
      if (merger.id(i) >= 0) {
        ids.add(merger.id(i));
      } else {
        spellOut(escaped.substring(merger.start(i), merger.end(i)), ids);
      }
    }
  }

  private long pair(String text, int from, int to) {
    if (to - from > longest) {
      return PairMerger.NONE;
    }
    int id = vocabulary.find(text.substring(from, to));
    return id < 0 ? PairMerger.NONE : PairMerger.candidate(rank(vocabulary.score(id)), id);
  }

  /** An int that is the smaller, the higher the score. */
  private static int rank(float score) {
    int bits = Float.floatToIntBits(score + 0.0f); // -0 becomes 0
    return ~(bits ^ ((bits >> 31) & 0x7fffffff));
  }

  private void spellOut(String character, IntList ids) {
    byte[] utf8 = character.getBytes(StandardCharsets.UTF_8);
    for (byte b : utf8) {
      if (byteTokens[b & 0xff] < 0) {
        ids.add(unknown(character));
        return;
      }
    }
    for (byte b : utf8) {
      ids.add(byteTokens[b & 0xff]);
    }
  }

  private int unknown(String character) {
    return vocabulary
        .unk()
        .orElseThrow(
            () ->
                new ForegateException(
                    "the vocabulary cannot express U+%04X: it has no byte tokens, no unknown token"
                        .formatted(character.codePointAt(0)),
                    "Leave the character out, or use a model with a complete vocabulary."));
  }

  @Override
  public byte[] bytes(int token) {
    String text = vocabulary.text(token);
    return vocabulary.type(token) == TokenType.BYTE
        ? TokenType.byteOf(text)
        : text.replace(ESCAPED_SPACE, ' ').getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public boolean addsSpace() {
    return addSpacePrefix;
  }
}
