package io.foregate.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One thing to time.
 *
 * @param prompt tokens of the prefill, 0 for none
 * @param generated tokens decoded one by one after it, 0 for none
 */
record BenchTest(int prompt, int generated) {
  private static final Pattern PAIR = Pattern.compile("(\\d{1,9}),(\\d{1,9})");

  /** Reads {@code 512,128}. */
  static BenchTest parse(String text) {
    Matcher matcher = PAIR.matcher(text.strip());
    if (!matcher.matches()) {
      throw new UsageException("-pg is '" + text + "', expected two counts", "Try -pg 512,128.");
    }
    return new BenchTest(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }

  int tokens() {
    return prompt + generated;
  }

  /** llama-bench's name of the test: {@code pp512}, {@code tg128}, {@code pp512+tg128}. */
  String label() {
    if (generated == 0) {
      return "pp" + prompt;
    }
    return prompt == 0 ? "tg" + generated : "pp" + prompt + "+tg" + generated;
  }
}
