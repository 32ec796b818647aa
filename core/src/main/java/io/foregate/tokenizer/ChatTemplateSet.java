package io.foregate.tokenizer;

import io.foregate.gguf.GgufMetadata;
import io.foregate.gguf.KnownValues;
import io.foregate.gguf.MetadataKey;
import io.foregate.tokenizer.ChatTemplate.Origin;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The chat templates of a model file: one for all conversations ({@code tokenizer.chat_template}),
 * and in some files one for those with tools. Immutable, thread-safe.
 *
 * <p>As in llama.cpp, other named templates ({@code tokenizer.chat_template.NAME}) are not used.
 */
public final class ChatTemplateSet {
  /** The tokens by transformers' names for them in templates. */
  private static final Map<String, MetadataKey> TOKENS =
      Map.of(
          "unk_token", MetadataKey.UNKNOWN,
          "sep_token", MetadataKey.SEPARATOR,
          "pad_token", MetadataKey.PADDING,
          "cls_token", MetadataKey.CLASSIFIER,
          "mask_token", MetadataKey.MASK);

  private final ChatTemplate plain;
  private final Optional<ChatTemplate> withTools;

  private ChatTemplateSet(ChatTemplate plain, Optional<ChatTemplate> withTools) {
    this.plain = plain;
    this.withTools = withTools;
  }

  /**
   * The templates of a model file, or empty if it has none.
   *
   * @throws io.foregate.error.ForegateException if one is not valid
   */
  public static Optional<ChatTemplateSet> of(GgufMetadata metadata, Tokenizer tokenizer) {
    KnownValues values = KnownValues.of(metadata);
    Map<String, String> tokens = tokens(values, tokenizer);
    Optional<ChatTemplate> plain = parse(values, MetadataKey.CHAT_TEMPLATE, tokens);
    Optional<ChatTemplate> withTools = parse(values, MetadataKey.TOOLS_TEMPLATE, tokens);
    return plain.or(() -> withTools).map(any -> new ChatTemplateSet(any, withTools));
  }

  private static Optional<ChatTemplate> parse(
      KnownValues values, MetadataKey key, Map<String, String> tokens) {
    return values
        .findText(key)
        .map(text -> ChatTemplate.parse(Origin.key(values.name(key)), text, tokens));
  }

  /** What transformers calls the special tokens' map: a token that the file names has an entry. */
  private static Map<String, String> tokens(KnownValues values, Tokenizer tokenizer) {
    var tokens = new LinkedHashMap<String, String>();
    // As in llama.cpp, these two are always there: templates add them to texts without asking.
    tokens.put(
        "bos_token", tokenizer.bos().stream().mapToObj(tokenizer::piece).findFirst().orElse(""));
    tokens.put(
        "eos_token", tokenizer.eos().stream().mapToObj(tokenizer::piece).findFirst().orElse(""));
    TOKENS.forEach(
        (name, key) -> {
          long id = values.longCount(key, -1);
          if (id >= 0 && id < tokenizer.size()) {
            tokens.put(name, tokenizer.piece((int) id));
          }
        });
    return tokens;
  }

  /** The template for a conversation, depending on whether the model is told of tools. */
  public ChatTemplate pick(boolean tools) {
    return tools ? withTools.orElse(plain) : plain;
  }
}
