package io.foregate.oracle;

import java.util.Map;
import java.util.TreeMap;

/**
 * Sizes of a tiny model's gated delta nets. No two are equal, nor are sums of them that could be
 * taken for one another.
 *
 * @param groupedInputs whether all inputs are one tensor, as in Qwen3-Next's first files
 * @param groupedRates whether both rates are one, as in all of Qwen3-Next's
 */
public record TinyDelta(boolean groupedInputs, boolean groupedRates) {
  static final int KEY_HEADS = 3;
  static final int VALUE_HEADS = 6;
  static final int HEAD = 32;
  static final int KERNEL = 4;

  /** Elements of an attention head that rotate, of 64. */
  public static final int ROTATED = 16;

  /** Width of queries, of keys as well. */
  static final int KEYS = KEY_HEADS * HEAD;

  static final int VALUES = VALUE_HEADS * HEAD;
  static final int CHANNELS = 2 * KEYS + VALUES;

  /** By names behind the architecture's. */
  Map<String, Integer> metadata() {
    var all = new TreeMap<String, Integer>();
    all.put("ssm.conv_kernel", KERNEL);
    all.put("ssm.state_size", HEAD);
    all.put("ssm.group_count", KEY_HEADS);
    all.put("ssm.time_step_rank", VALUE_HEADS);
    all.put("ssm.inner_size", VALUES);
    return all;
  }
}
