package io.foregate.tokenizer;

/** What differs between the families of tokenizers. Immutable, thread-safe. */
sealed interface TokenCodec permits SentencePieceCodec, BytePairCodec {
  /**
   * Appends the ids of a text without special tokens.
   *
   * @param text well-formed, not empty
   * @param afterSpecial whether the text begins the input, or follows a special token
   * @param merger working memory
   */
  void encode(String text, boolean afterSpecial, PairMerger merger, IntList ids);

  /** The UTF-8 bytes that a token, of type NORMAL or BYTE, contributes to a text. */
  byte[] bytes(int token);

  /** Whether the encoder puts a space before a text that was not there. */
  boolean addsSpace();
}
