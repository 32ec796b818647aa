package io.foregate.tokenizer;

import java.util.List;
import java.util.Set;

/**
 * Tokens known by their text, because files often do not say what they are for. As in llama.cpp.
 */
final class KnownTokens {
  /** The model has finished its turn. */
  static final Set<String> END_OF_GENERATION =
      Set.of(
          "<|eot_id|>",
          "<|im_end|>",
          "<|end|>",
          "<|return|>",
          "<|call|>",
          "<|flush|>",
          "<|calls|>",
          "<end_of_turn>",
          "<|endoftext|>",
          "</s>",
          "<|eom_id|>",
          "<EOT>",
          "_<EOT>",
          "[EOT]",
          "[EOS]",
          "<|end_of_text|>",
          "<end_of_utterance>",
          "<eos>",
          "<｜end▁of▁sentence｜>");

  /** Control tokens whatever their type says, beside the ones above: code infilling's. */
  static final Set<String> INFILL =
      Set.of(
          "<|fim_prefix|>",
          "<fim-prefix>",
          "<fim_prefix>",
          "<｜fim▁begin｜>",
          "<PRE>",
          "▁<PRE>",
          "<|fim_suffix|>",
          "<fim-suffix>",
          "<fim_suffix>",
          "<｜fim▁hole｜>",
          "<SUF>",
          "▁<SUF>",
          "<|fim_middle|>",
          "<fim-middle>",
          "<fim_middle>",
          "<｜fim▁end｜>",
          "<MID>",
          "▁<MID>");

  /** Infilling's padding, repository and file marks, one of each: they end a generation too. */
  static final List<List<String>> INFILL_ENDS =
      List.of(
          List.of("<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"),
          List.of("<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"),
          List.of("<|file_sep|>"));

  /** The marks of gpt-oss's channels: text for whoever reads the output, not control. */
  static final Set<String> ALWAYS_RENDERED =
      Set.of("<|channel|>", "<|message|>", "<|start|>", "<|constrain|>");

  private KnownTokens() {}
}
