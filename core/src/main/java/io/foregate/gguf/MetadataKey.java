package io.foregate.gguf;

import java.util.Set;

/**
 * Every metadata key that Foregate reads, with what llama.cpp takes where a file lacks it. Keys of
 * a model begin with its architecture. A family that is not among those that read a key behaves as
 * if the key were not there, as llama.cpp's graph of that family does.
 *
 * <p>What llama.cpp does was tried on its binary, key by key (scripts/oracle/check-keys); names and
 * meanings are those of ggml's docs/gguf.md.
 */
public enum MetadataKey {
  ARCHITECTURE("general.architecture", Kind.TEXT, "", "what the model is, and its keys' prefix"),
  NAME("general.name", Kind.TEXT, "(the file's name)", "what the model is called"),
  TYPE("general.type", Kind.TEXT, "model", "what kind of file it is: model, adapter, mmproj, ..."),
  SHARDS("split.count", Kind.COUNT, "0", "how many files the model is split into"),
  SHARD("split.no", Kind.COUNT, "(required in shards)", "which of them this one is, from 0"),
  SHARD_TENSORS(
      "split.tensors.count", Kind.COUNT, "(required in shards)", "tensors of all of them"),

  SAMPLING_TEMPERATURE("general.sampling.temp", Kind.REAL, "(ours)", "temperature of sampling"),
  SAMPLING_TOP_K("general.sampling.top_k", Kind.COUNT, "(ours)", "tokens that sampling keeps"),
  SAMPLING_TOP_P("general.sampling.top_p", Kind.REAL, "(ours)", "probability that it keeps"),
  SAMPLING_MIN_P(
      "general.sampling.min_p", Kind.REAL, "(ours)", "share of the best token's probability"),
  SAMPLING_PENALTY(
      "general.sampling.penalty_repeat", Kind.REAL, "(ours)", "penalty for repeated tokens"),
  SAMPLING_PENALTY_WINDOW(
      "general.sampling.penalty_last_n", Kind.COUNT, "(ours)", "tokens that are penalized"),

  LAYERS(
      "{arch}.block_count", Kind.COUNT, "", "layers, those that predict further tokens included"),
  PREDICTING_LAYERS(
      "{arch}.nextn_predict_layers", Kind.COUNT, "0", "how many of the last layers do not run"),
  EMBEDDING("{arch}.embedding_length", Kind.COUNT, "", "width of the residual stream"),
  CONTEXT("{arch}.context_length", Kind.COUNT, "", "positions that the model was trained for"),
  FEED_FORWARD(
      "{arch}.feed_forward_length",
      Kind.COUNT_OR_PER_LAYER,
      "(the tensors')",
      "width of a dense block; of an expert, where that has no key of its own"),
  NORM_EPSILON(
      "{arch}.attention.layer_norm_rms_epsilon", Kind.REAL, "", "added to the mean square"),

  HEADS("{arch}.attention.head_count", Kind.COUNT_OR_PER_LAYER, "", "query heads"),
  KV_HEADS(
      "{arch}.attention.head_count_kv",
      Kind.COUNT_OR_PER_LAYER,
      "(as many as query heads)",
      "key and value heads"),
  KEY_LENGTH(
      "{arch}.attention.key_length",
      Kind.COUNT,
      "(embedding_length / head_count)",
      "elements of a query's or key's head"),
  VALUE_LENGTH(
      "{arch}.attention.value_length",
      Kind.COUNT,
      "(embedding_length / head_count)",
      "elements of a value's head"),
  CAUSAL("{arch}.attention.causal", Kind.FLAG, "true", "whether tokens see only earlier ones"),
  ATTENTION_SCALE(
      "{arch}.attention.scale",
      Kind.REAL,
      "0",
      "what scores are multiplied by; 0: 1 / sqrt(head size)",
      Names.GRANITE),
  SLIDING_WINDOW(
      "{arch}.attention.sliding_window",
      Kind.COUNT,
      "",
      "positions that windows see",
      Names.GPT_OSS),
  WINDOW_PATTERN(
      "{arch}.attention.sliding_window_pattern",
      Kind.COUNT_OR_PER_LAYER,
      "2",
      "every how many layers one has no window, or which have one",
      Names.GPT_OSS),
  KEY_LENGTH_WINDOW(
      "{arch}.attention.key_length_swa",
      Kind.COUNT,
      "(key_length)",
      "as key_length, of layers with a window",
      Names.GPT_OSS),
  VALUE_LENGTH_WINDOW(
      "{arch}.attention.value_length_swa",
      Kind.COUNT,
      "(value_length)",
      "as value_length, of layers with a window",
      Names.GPT_OSS),

  QUERY_RANK(
      "{arch}.attention.q_lora_rank",
      Kind.COUNT,
      "0",
      "width of what queries are made of; 0: the residual stream's",
      Names.DEEPSEEK),
  LATENT_RANK(
      "{arch}.attention.kv_lora_rank", Kind.COUNT, "", "width of the latent", Names.DEEPSEEK),
  KEY_LENGTH_MLA(
      "{arch}.attention.key_length_mla",
      Kind.COUNT,
      "(key_length)",
      "elements of a key's head as trained",
      Names.DEEPSEEK),
  VALUE_LENGTH_MLA(
      "{arch}.attention.value_length_mla",
      Kind.COUNT,
      "(value_length)",
      "elements of a value's head as trained",
      Names.DEEPSEEK),
  TEMPERATURE_SCALE(
      "{arch}.attention.temperature_scale",
      Kind.REAL,
      "0",
      "by how much queries grow with positions",
      Names.DEEPSEEK),

  RECURRENT_LAYERS(
      "{arch}.attention.recurrent_layers",
      Kind.COUNT_OR_PER_LAYER,
      "(by full_attention_interval)",
      "which layers have a delta net instead of attention",
      Names.DELTA_NET),
  ATTENTION_INTERVAL(
      "{arch}.full_attention_interval",
      Kind.COUNT,
      "4",
      "every how many layers one has attention",
      Names.DELTA_NET),
  DELTA_KERNEL(
      "{arch}.ssm.conv_kernel", Kind.COUNT, "", "tokens that convolutions see", Names.DELTA_NET),
  DELTA_WIDTH(
      "{arch}.ssm.inner_size",
      Kind.COUNT,
      "",
      "elements of all values of a delta net",
      Names.DELTA_NET),
  DELTA_HEAD(
      "{arch}.ssm.state_size", Kind.COUNT, "", "elements of a delta net's head", Names.DELTA_NET),
  DELTA_VALUE_HEADS(
      "{arch}.ssm.time_step_rank", Kind.COUNT, "", "value heads of a delta net", Names.DELTA_NET),
  DELTA_KEY_HEADS(
      "{arch}.ssm.group_count", Kind.COUNT, "", "key heads of a delta net", Names.DELTA_NET),

  EXPERTS("{arch}.expert_count", Kind.COUNT, "0", "experts of a layer", Names.WITH_EXPERTS),
  EXPERTS_USED(
      "{arch}.expert_used_count",
      Kind.COUNT_OR_PER_LAYER,
      "",
      "experts that a token is sent to",
      Names.WITH_EXPERTS),
  EXPERT_WIDTH(
      "{arch}.expert_feed_forward_length",
      Kind.COUNT_OR_PER_LAYER,
      "(the tensors')",
      "width of an expert",
      Names.OWN_EXPERT_WIDTH),
  SHARED_WIDTH(
      "{arch}.expert_shared_feed_forward_length",
      Kind.COUNT,
      "(none, or feed_forward_length)",
      "width of the shared expert",
      Names.SHARED_WIDTH),
  SHARED_EXPERTS(
      "{arch}.expert_shared_count",
      Kind.COUNT,
      "0",
      "shared experts, each as wide as the others",
      Names.DEEPSEEK),
  LEADING_DENSE(
      "{arch}.leading_dense_block_count",
      Kind.COUNT,
      "0",
      "layers without experts, the first ones",
      Names.DEEPSEEK),
  EXPERT_GROUPS(
      "{arch}.expert_group_count",
      Kind.COUNT,
      "0",
      "groups of experts; up to 1: none",
      Names.WITH_EXPERTS),
  EXPERT_GROUPS_USED(
      "{arch}.expert_group_used_count",
      Kind.COUNT,
      "",
      "groups that a token picks from",
      Names.WITH_EXPERTS),
  EXPERT_SCALE(
      "{arch}.expert_weights_scale",
      Kind.REAL,
      "0",
      "what experts' weights are multiplied by; 0: nothing",
      Names.DEEPSEEK),
  EXPERT_NORM(
      "{arch}.expert_weights_norm",
      Kind.FLAG,
      "false",
      "whether experts' weights are divided by their sum",
      Names.DEEPSEEK),
  GATING(
      "{arch}.expert_gating_func",
      Kind.COUNT,
      "0",
      "1 and 0 softmax, 2 sigmoid, 3 softmax of those picked",
      Names.DEEPSEEK),

  ROPE_DIMENSIONS(
      "{arch}.rope.dimension_count", Kind.COUNT, "(key_length)", "elements that rotate"),
  ROPE_DIMENSIONS_WINDOW(
      "{arch}.rope.dimension_count_swa",
      Kind.COUNT,
      "(rope.dimension_count)",
      "as rope.dimension_count, of layers with a window",
      Names.GPT_OSS),
  ROPE_SECTIONS(
      "{arch}.rope.dimension_sections",
      Kind.COUNTS,
      "",
      "pairs that images rotate by time, height and width; texts have one position for all",
      Names.SECTIONS),
  ROPE_BASE("{arch}.rope.freq_base", Kind.REAL, "10000", "base of the frequencies"),
  ROPE_BASE_WINDOW(
      "{arch}.rope.freq_base_swa",
      Kind.REAL,
      "(rope.freq_base)",
      "as rope.freq_base, of layers with a window",
      Names.GPT_OSS),
  ROPE_SCALING("{arch}.rope.scaling.type", Kind.TEXT, "linear", "none, linear, yarn or longrope"),
  ROPE_FACTOR(
      "{arch}.rope.scaling.factor",
      Kind.REAL,
      "(rope.scale_linear)",
      "what positions are divided by; 0: nothing"),
  ROPE_SCALE_LINEAR(
      "{arch}.rope.scale_linear", Kind.REAL, "0", "as rope.scaling.factor, in files of 2023"),
  ROPE_ORIGINAL_CONTEXT(
      "{arch}.rope.scaling.original_context_length",
      Kind.COUNT,
      "(context_length)",
      "positions of the model before it was extended"),
  ROPE_MAGNITUDE(
      "{arch}.rope.scaling.attn_factor",
      Kind.REAL,
      "1",
      "what rotated queries and keys are multiplied by"),
  ROPE_LOG_MULTIPLIER(
      "{arch}.rope.scaling.yarn_log_multiplier",
      Kind.REAL,
      "0",
      "how YaRN's temperature grows; 0: by a tenth",
      Names.DEEPSEEK),

  EMBEDDING_SCALE(
      "{arch}.embedding_scale", Kind.REAL, "0", "of embeddings; 0: none", Names.GRANITE),
  RESIDUAL_SCALE(
      "{arch}.residual_scale", Kind.REAL, "0", "of what blocks add; 0: none", Names.GRANITE),
  LOGIT_SCALE("{arch}.logit_scale", Kind.REAL, "1", "what logits are divided by", Names.GRANITE),

  TOKENIZER("tokenizer.ggml.model", Kind.TEXT, "", "llama (SentencePiece) or gpt2 (BPE)"),
  PRE_TOKENIZER("tokenizer.ggml.pre", Kind.TEXT, "default", "how texts are split before merges"),
  TOKENS("tokenizer.ggml.tokens", Kind.TEXTS, "", "tokens by their ids"),
  SCORES("tokenizer.ggml.scores", Kind.REALS, "(all 0)", "tokens' scores"),
  TOKEN_TYPES("tokenizer.ggml.token_type", Kind.COUNTS, "(all normal)", "tokens' types"),
  MERGES("tokenizer.ggml.merges", Kind.TEXTS, "", "BPE's merges, the first one first"),
  BOS("tokenizer.ggml.bos_token_id", Kind.COUNT, "(the tokenizer's)", "beginning of a text"),
  EOS("tokenizer.ggml.eos_token_id", Kind.COUNT, "(the tokenizer's)", "end of a text"),
  EOT("tokenizer.ggml.eot_token_id", Kind.COUNT, "(none)", "end of a turn"),
  EOM("tokenizer.ggml.eom_token_id", Kind.COUNT, "(none)", "end of a message"),
  UNKNOWN("tokenizer.ggml.unknown_token_id", Kind.COUNT, "(the tokenizer's)", "for all else"),
  FIM_PAD("tokenizer.ggml.fim_pad_token_id", Kind.COUNT, "(by its text)", "fills up"),
  FIM_REP("tokenizer.ggml.fim_rep_token_id", Kind.COUNT, "(by its text)", "before a repository"),
  FIM_SEP("tokenizer.ggml.fim_sep_token_id", Kind.COUNT, "(by its text)", "between files"),
  ADD_BOS(
      "tokenizer.ggml.add_bos_token",
      Kind.FLAG,
      "(the tokenizer's)",
      "whether texts get a beginning"),
  ADD_EOS("tokenizer.ggml.add_eos_token", Kind.FLAG, "false", "whether texts get an end"),
  ADD_SPACE("tokenizer.ggml.add_space_prefix", Kind.FLAG, "true", "whether texts get a space"),
  SEPARATOR("tokenizer.ggml.seperator_token_id", Kind.COUNT, "(none)", "for chat templates"),
  PADDING("tokenizer.ggml.padding_token_id", Kind.COUNT, "(none)", "for chat templates"),
  CLASSIFIER("tokenizer.ggml.cls_token_id", Kind.COUNT, "(none)", "for chat templates"),
  MASK("tokenizer.ggml.mask_token_id", Kind.COUNT, "(none)", "for chat templates"),
  CHAT_TEMPLATE("tokenizer.chat_template", Kind.TEXT, "(none)", "how chats are written, in Jinja"),
  TOOLS_TEMPLATE(
      "tokenizer.chat_template.tool_use", Kind.TEXT, "(none)", "the same, where there are tools");

  /** What a value is. */
  public enum Kind {
    TEXT,
    COUNT,
    /** A number for all layers, or an array with a number for each. */
    COUNT_OR_PER_LAYER,
    REAL,
    FLAG,
    TEXTS,
    REALS,
    COUNTS
  }

  private static final String PLACEHOLDER = "{arch}";

  private final String pattern;
  private final Kind kind;
  private final String fallback;
  private final String meaning;

  // Always from Set.of, which nothing can change.
  @SuppressWarnings("ImmutableEnumChecker")
  private final Set<String> families;

  MetadataKey(String pattern, Kind kind, String fallback, String meaning, String... families) {
    this.pattern = pattern;
    this.kind = kind;
    this.fallback = fallback;
    this.meaning = meaning;
    this.families = Set.of(families);
  }

  /** The key, with {@code {arch}} for an architecture's name. */
  public String pattern() {
    return pattern;
  }

  public Kind kind() {
    return kind;
  }

  /** Whether a file must have it, where its family reads it. */
  public boolean isRequired() {
    return fallback.isEmpty();
  }

  /**
   * What holds in its absence: a value, or in parentheses what it is derived from; empty if it is
   * required.
   */
  public String fallback() {
    return fallback;
  }

  /** Whether {@link #fallback} is a value. */
  public boolean hasFallbackValue() {
    return !fallback.isEmpty() && !fallback.startsWith("(");
  }

  public String meaning() {
    return meaning;
  }

  /** The architectures that read it; empty where all do. */
  public Set<String> families() {
    return families;
  }

  /** Whether a family's graph reads it. */
  public boolean isReadBy(String architecture) {
    return families.isEmpty() || families.contains(architecture);
  }

  /** The key in a file of that architecture. */
  public String in(String architecture) {
    return pattern.replace(PLACEHOLDER, architecture);
  }

  /** Names of architectures, apart because a constant's arguments cannot see the enum's fields. */
  private static final class Names {
    private static final String DEEPSEEK = "deepseek2";
    private static final String GPT_OSS = "gpt-oss";
    private static final String GRANITE = "granitemoe";
    private static final String QWEN_NEXT = "qwen3next";
    private static final String QWEN_MOE = "qwen35moe";
    private static final String[] SECTIONS = {"qwen35", QWEN_MOE};
    private static final String[] DELTA_NET = {"qwen35", QWEN_MOE, QWEN_NEXT};
    private static final String[] WITH_EXPERTS = {
      DEEPSEEK,
      GPT_OSS,
      GRANITE,
      QWEN_MOE,
      QWEN_NEXT,
      "llama",
      "olmoe",
      "phimoe",
      "qwen2moe",
      "qwen3moe"
    };
    private static final String[] OWN_EXPERT_WIDTH = {
      DEEPSEEK, GPT_OSS, QWEN_MOE, QWEN_NEXT, "qwen2moe", "qwen3moe"
    };
    private static final String[] SHARED_WIDTH = {GRANITE, QWEN_MOE, QWEN_NEXT, "qwen2moe"};
  }
}
