package io.foregate.oracle;

import java.util.Map;
import java.util.TreeMap;

/**
 * Sizes of a tiny model's multi-head latent attention. No two are equal, nor are sums of them that
 * could be taken for one another.
 *
 * @param queryRank width of what queries are made of; 0 where they are made of the residual
 * @param split whether the maps of keys and values are tensors of their own, as in newer files
 */
public record TinyLatent(int queryRank, boolean split) {
  static final int RANK = 96;
  public static final int ROTATED = 16;

  /** Elements of a key's head that are not rotated. */
  static final int KEY = 32;

  static final int VALUE = 64;

  static final int QUERY = KEY + ROTATED;

  /** The name of the tensor that values come from. */
  String valueTensor() {
    return split ? "attn_v_b" : "attn_kv_b";
  }

  /** By names behind the architecture's. */
  Map<String, Integer> metadata(int heads) {
    var all = new TreeMap<String, Integer>();
    all.put("attention.head_count", heads);
    all.put("attention.head_count_kv", split ? 1 : heads);
    all.put("attention.kv_lora_rank", RANK);
    all.put("attention.q_lora_rank", queryRank);
    all.put("attention.key_length", split ? RANK + ROTATED : QUERY);
    all.put("attention.value_length", split ? RANK : VALUE);
    if (split) {
      all.put("attention.key_length_mla", QUERY);
      all.put("attention.value_length_mla", VALUE);
    }
    all.put("rope.dimension_count", ROTATED);
    return all;
  }
}
