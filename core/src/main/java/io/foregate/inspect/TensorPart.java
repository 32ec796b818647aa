package io.foregate.inspect;

import java.util.Arrays;
import java.util.regex.Pattern;

/** What a tensor is for, told from its name as llama.cpp's converters give it. */
public enum TensorPart {
  EXPERTS("experts", "blk\\.\\d+\\.ffn_(gate|up|down|gate_up)(_exps\\.weight|\\.\\d+\\.weight)"),
  SHARED_EXPERTS("shared experts", "blk\\.\\d+\\.ffn_.*shexp\\..*"),
  ROUTER("router", "blk\\.\\d+\\.(ffn_gate_inp|exp_probs_b)\\..*"),
  NORM("norms", ".*norm\\..*"),
  ATTENTION("attention", "blk\\.\\d+\\.(attn_|ssm_(in|ba|alpha|beta|out)\\.).*"),
  FEED_FORWARD("dense feed-forward", "blk\\.\\d+\\.ffn_.*"),
  EMBEDDING("token embedding", "token_embd\\..*"),
  OUTPUT("output", "output\\..*"),
  OTHER("other", ".*");

  private final String label;
  private final Pattern name;

  TensorPart(String label, String name) {
    this.label = label;
    this.name = Pattern.compile(name);
  }

  /** How people call it. */
  public String label() {
    return label;
  }

  /** The part to which a tensor of that name belongs. */
  public static TensorPart of(String tensor) {
    return Arrays.stream(values())
        .filter(part -> part.name.matcher(tensor).matches())
        .findFirst()
        .orElseThrow();
  }
}
