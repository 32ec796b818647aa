package io.foregate.convert.family;

import io.foregate.convert.source.HfConfig;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The sizes that a configuration gives, by the letters that {@link HfFamilies} writes shapes with.
 *
 * <ul>
 *   <li>{@code V} vocabulary, {@code D} width, {@code F} dense feed-forward, {@code M} one expert's
 *       feed-forward, {@code S} shared experts' feed-forward, {@code E} experts;
 *   <li>{@code A} query heads, {@code G} key and value heads, {@code H} head, {@code Q} all query
 *       heads, {@code K} all key heads;
 *   <li>MLA: {@code L} compressed keys and values, {@code C} compressed queries, {@code N} and
 *       {@code R} parts of a head without and with RoPE, {@code W} value head; {@code NR}, {@code
 *       LR}, {@code NW} sums, {@code A*NR}, {@code A*NW}, {@code A*W} of all heads;
 *   <li>Delta nets: {@code dK} key heads, {@code dV} value heads, {@code dG} value heads per key
 *       head, {@code dH} head, {@code dT} convolution's tokens; {@code 2dV} rates; {@code dC}
 *       channels, {@code dO} all values, {@code dI} both; {@code 2Q} queries and gates;
 *   <li>{@code 2M}, {@code 2S} gate and up in one; {@code D/32}, {@code M/32} blocks of MXFP4.
 * </ul>
 */
public final class Dimensions {
  private final HfConfig config;
  private final Map<String, Long> values = new HashMap<>();

  public Dimensions(HfConfig config) {
    this.config = config;
    long heads = config.size("num_attention_heads");
    long kvHeads = config.keyHeads();
    long width = config.size("hidden_size");
    boolean mla = config.integer("kv_lora_rank").isPresent();
    values.put("V", config.size("vocab_size"));
    values.put("D", width);
    values.put("D/32", width / 32);
    values.put("A", heads);
    values.put("G", kvHeads);
    if (mla) {
      latent(heads);
    } else {
      long head = config.headSize();
      values.put("H", head);
      values.put("Q", heads * head);
      values.put("K", kvHeads * head);
      values.put("2Q", 2 * heads * head);
    }
    if (config.integer("linear_num_key_heads").isPresent()) {
      deltaNet();
    }
    feedForward();
  }

  private void latent(long heads) {
    long compressed = config.size("kv_lora_rank");
    long plain = config.size("qk_nope_head_dim");
    long rotated = config.size("qk_rope_head_dim");
    long value = config.size("v_head_dim");
    put("L", OptionalLong.of(compressed));
    put("C", config.integer("q_lora_rank"));
    values.put("N", plain);
    values.put("W", value);
    values.put("LR", compressed + rotated);
    values.put("A*NR", heads * (plain + rotated));
    values.put("A*NW", heads * (plain + value));
    values.put("A*W", heads * value);
  }

  private void deltaNet() {
    long keyHeads = config.size("linear_num_key_heads");
    long valueHeads = config.size("linear_num_value_heads");
    long size = config.size("linear_key_head_dim");
    if (valueHeads % keyHeads != 0) {
      String field = "linear_num_value_heads";
      throw config.wrong(field, config.find(field).orElseThrow(), "a multiple of " + keyHeads);
    }
    if (config.size("linear_value_head_dim") != size) {
      String field = "linear_value_head_dim";
      throw config.wrong(field, config.find(field).orElseThrow(), "the keys' " + size);
    }
    values.put("dK", keyHeads);
    values.put("dV", valueHeads);
    values.put("2dV", 2 * valueHeads);
    values.put("dG", valueHeads / keyHeads);
    values.put("dH", size);
    values.put("dT", config.size("linear_conv_kernel_dim"));
    values.put("dC", (2 * keyHeads + valueHeads) * size);
    values.put("dO", valueHeads * size);
    values.put("dI", 2 * (keyHeads + valueHeads) * size);
  }

  private void feedForward() {
    put("F", config.integer("intermediate_size"));
    put("E", config.integer("num_local_experts", "num_experts", "n_routed_experts"));
    OptionalLong own = config.integer("moe_intermediate_size");
    OptionalLong expert = own.isPresent() ? own : config.integer("intermediate_size");
    put("M", expert);
    expert.ifPresent(m -> values.put("2M", 2 * m));
    expert.ifPresent(m -> values.put("M/32", m / 32));
    OptionalLong shared =
        config.integer("shared_expert_intermediate_size", "shared_intermediate_size");
    OptionalLong count = config.integer("n_shared_experts");
    if (shared.isEmpty() && count.isPresent() && expert.isPresent()) {
      shared = OptionalLong.of(count.getAsLong() * expert.getAsLong());
    }
    put("S", shared);
    shared.ifPresent(s -> values.put("2S", 2 * s));
  }

  private void put(String name, OptionalLong value) {
    value.ifPresent(v -> values.put(name, v));
  }

  /** A size by its letter, or the number that it is. */
  public long get(String name) {
    if (name.matches("\\d+")) {
      return Long.parseLong(name);
    }
    Long value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException("the configuration does not tell " + name);
    }
    return value;
  }

  public boolean has(String name) {
    return values.getOrDefault(name, 0L) > 0;
  }
}
