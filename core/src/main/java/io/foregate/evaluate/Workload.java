package io.foregate.evaluate;

/**
 * One thing to time.
 *
 * @param prompt tokens of the prefill, 0 for none
 * @param generated tokens decoded one by one after it, 0 for none
 */
public record Workload(int prompt, int generated) {

  /** Of both. */
  public int tokens() {
    return prompt + generated;
  }

  /** llama-bench's name of it: {@code pp512}, {@code tg128}, {@code pp512+tg128}. */
  public String label() {
    if (generated == 0) {
      return "pp" + prompt;
    }
    return prompt == 0 ? "tg" + generated : "pp" + prompt + "+tg" + generated;
  }
}
