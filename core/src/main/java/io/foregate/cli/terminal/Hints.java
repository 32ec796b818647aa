package io.foregate.cli.terminal;

import io.foregate.error.ForegateException;
import java.util.Map;

/** Hints in the command line's terms: the library names settings, people here need the flags. */
public final class Hints {
  /** By what the library calls the setting. */
  static final Map<String, String> FLAGS =
      Map.ofEntries(
          Map.entry("backend", "--backend"),
          Map.entry("context", "--ctx"),
          Map.entry("copy engine", "--copy-engine"),
          Map.entry("gates", "--gates"),
          Map.entry("horizon", "--horizon"),
          Map.entry("importance matrix", "--imatrix"),
          Map.entry("KV cache", "--kv-type"),
          Map.entry("link speed", "--link-gbps"),
          Map.entry("model", "--model"),
          Map.entry("oracle trace", "--oracle-trace"),
          Map.entry("output type", "--outtype"),
          Map.entry("policy", "--policy"),
          Map.entry("pre tokenizer", "--pre"),
          Map.entry("resume", "--resume"),
          Map.entry("session", "--session"),
          Map.entry("slots", "--expert-slots"),
          Map.entry("store", "--store"),
          Map.entry("text", "--text"),
          Map.entry("tokens", "--tokens"),
          Map.entry("trace", "--trace"),
          Map.entry("warmup", "--warmup"));

  /** What is said here in place of the library's own words. */
  static final Map<String, String> WORDS =
      Map.of(
          "replace it", "replace it with --force",
          "Model.chat", "'foregate chat'",
          "Model.generate", "'foregate run'",
          "ModelFile.tensors", "foregate inspect --tensors",
          "AlignOptions.resume", "--resume",
          "AlignOptions.replace", "--force",
          "feed forward", "--feed-forward",
          "attention", "--attention");

  private Hints() {}

  /** What to do, with flags where the library has settings. */
  public static String of(ForegateException e) {
    return e.hint(Hints::words);
  }

  private static String words(String setting, String value) {
    String here = WORDS.get(setting);
    if (here != null) {
      return here;
    }
    String flag = FLAGS.get(setting);
    if (flag == null) {
      return value.isEmpty() ? setting : setting + " " + value;
    }
    return value.isEmpty() ? setting + " (" + flag + ")" : flag + " " + value;
  }
}
