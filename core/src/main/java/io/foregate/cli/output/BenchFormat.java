package io.foregate.cli.output;

/** Output formats of {@code bench}. */
public enum BenchFormat {
  MD,
  CSV,
  JSON,
  JSONL
}
