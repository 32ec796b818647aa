package io.foregate.cli;

/** Output formats of {@code bench}. */
enum BenchFormat {
  MD,
  CSV,
  JSON,
  JSONL
}
