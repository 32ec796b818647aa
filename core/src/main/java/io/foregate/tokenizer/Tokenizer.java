package io.foregate.tokenizer;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufMetadata;
import io.foregate.gguf.KnownValues;
import io.foregate.gguf.MetadataKey;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Text to token ids and back. Immutable, thread-safe.
 *
 * <p>Ids equal llama.cpp's for the same file and text. Text is any Java string: a lone surrogate
 * counts as U+FFFD.
 */
public final class Tokenizer {
  private static final byte[] NOTHING = {};

  private final Vocabulary vocabulary;
  private final SpecialTokens specialTokens;
  private final TokenCodec codec;

  private Tokenizer(Vocabulary vocabulary, TokenCodec codec) {
    this.vocabulary = vocabulary;
    this.specialTokens = new SpecialTokens(vocabulary);
    this.codec = codec;
  }

  /**
   * The tokenizer of a model file ({@code tokenizer.ggml.*}).
   *
   * @throws ForegateException if the file has no tokenizer, a damaged one, or one of another kind
   */
  public static Tokenizer of(GgufMetadata metadata) {
    String model = KnownValues.of(metadata).text(MetadataKey.TOKENIZER);
    return switch (model) {
      case "llama" -> sentencePiece(metadata);
      case "gpt2" -> bytePair(metadata);
      default ->
          throw new ForegateException(
              "tokenizer.ggml.model is '%s', expected 'llama' (SentencePiece) or 'gpt2' (%s)"
                  .formatted(model, "byte-level BPE"),
              "Use a model with one of these tokenizers.");
    };
  }

  private static Tokenizer sentencePiece(GgufMetadata metadata) {
    var vocabulary = new Vocabulary(metadata, SentencePieceCodec.DEFAULTS);
    return new Tokenizer(vocabulary, new SentencePieceCodec(metadata, vocabulary));
  }

  private static Tokenizer bytePair(GgufMetadata metadata) {
    PreTokenizer pre = PreTokenizer.of(KnownValues.of(metadata).text(MetadataKey.PRE_TOKENIZER));
    var vocabulary = new Vocabulary(metadata, BytePairCodec.defaults(pre));
    return new Tokenizer(vocabulary, new BytePairCodec(metadata, vocabulary, pre));
  }

  /**
   * The ids of a text.
   *
   * @param addSpecial whether to put the beginning and end tokens around it that the file asks for
   * @param parseSpecial whether control tokens that are spelled out in the text, such as {@code
   *     <|im_start|>}, become those tokens; set it for rendered chat templates, not for what users
   *     type
   * @throws ForegateException if a character is not in the vocabulary, which has no bytes and no
   *     unknown token to stand for it
   */
  public int[] encode(String text, boolean addSpecial, boolean parseSpecial) {
    var ids = new IntList();
    var merger = new PairMerger();
    if (addSpecial && vocabulary.addBos()) {
      ids.add(vocabulary.bos().orElseThrow());
    }
    boolean afterSpecial = true;
    for (var fragment : specialTokens.split(wellFormed(text), parseSpecial)) {
      switch (fragment) {
        case SpecialTokens.Fragment.Special(int id) -> ids.add(id);
        case SpecialTokens.Fragment.Text(String part) ->
            codec.encode(part, afterSpecial, merger, ids);
      }
      afterSpecial = fragment instanceof SpecialTokens.Fragment.Special;
    }
    if (addSpecial && vocabulary.addEos()) {
      ids.add(vocabulary.eos().orElseThrow());
    }
    return ids.toArray();
  }

  /**
   * The ids of a conversation that a {@link ChatTemplate} has rendered: control tokens are read,
   * and the token that begins a text is added only if the template has not written it.
   */
  public int[] encodeChat(String text) {
    OptionalInt bos = bos();
    boolean begun = bos.isPresent() && text.startsWith(piece(bos.getAsInt()));
    return encode(text, !begun, true);
  }

  /**
   * The text of a whole sequence, from its beginning: where the encoder puts a space before the
   * text, it is taken off again. A sequence's continuation is what {@link #continuation} is for.
   *
   * @param from the first token's index
   * @param to the index after the last token
   * @param special whether control tokens are rendered, or left out
   * @throws ForegateException if the vocabulary has no such token
   */
  public String decode(int[] tokens, int from, int to, boolean special) {
    var text = new StringBuilder();
    StreamingDecoder decoder = decoder(special);
    for (int i = from; i < to; i++) {
      text.append(decoder.accept(tokens[i]));
    }
    return text.append(decoder.flush()).toString();
  }

  /** Decodes tokens one by one, from the beginning of a text; see {@link #decode}. */
  public StreamingDecoder decoder(boolean special) {
    return new StreamingDecoder(token -> bytes(token, special), codec.addsSpace());
  }

  /** Decodes tokens that follow other text, as a model's answer does: every space is kept. */
  public StreamingDecoder continuation(boolean special) {
    return new StreamingDecoder(token -> bytes(token, special), false);
  }

  /**
   * As {@link #continuation(boolean)}, leaving control tokens out but for those with these texts.
   */
  public StreamingDecoder continuation(Set<String> shown) {
    return new StreamingDecoder(
        token -> bytes(token, shown.contains(vocabulary.text(token))), false);
  }

  private byte[] bytes(int token, boolean special) {
    String text = vocabulary.text(token);
    return switch (vocabulary.type(token)) {
      case NORMAL, BYTE -> codec.bytes(token);
      case USER_DEFINED -> text.getBytes(StandardCharsets.UTF_8);
      case CONTROL, UNKNOWN -> special ? text.getBytes(StandardCharsets.UTF_8) : NOTHING;
      case UNUSED, UNDEFINED -> NOTHING;
    };
  }

  /** How many tokens there are: ids are 0 to size - 1. */
  public int size() {
    return vocabulary.size();
  }

  /** The token that begins a text. */
  public OptionalInt bos() {
    return vocabulary.bos();
  }

  /** The token that ends a text. */
  public OptionalInt eos() {
    return vocabulary.eos();
  }

  /**
   * Whether a model that makes this token has finished: the end of a text, of a turn or of a
   * message, as the file says and as known from the token's usual spellings.
   */
  public boolean isEndOfGeneration(int token) {
    return vocabulary.isEndOfGeneration(token);
  }

  /** The token as the file spells it, with escaped spaces or in the byte alphabet. */
  public String piece(int token) {
    return vocabulary.text(token);
  }

  private static String wellFormed(String text) {
    int i = 0;
    while (i < text.length() && !isLoneSurrogate(text, i)) {
      i++;
    }
    if (i == text.length()) {
      return text;
    }
    char[] chars = text.toCharArray();
    for (; i < chars.length; i++) {
      if (isLoneSurrogate(text, i)) {
        chars[i] = '\uFFFD';
      }
    }
    return new String(chars);
  }

  private static boolean isLoneSurrogate(String text, int i) {
    char c = text.charAt(i);
    if (Character.isHighSurrogate(c)) {
      return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
    }
    return Character.isLowSurrogate(c)
        && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)));
  }
}
