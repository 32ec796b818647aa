package io.foregate.cli.chat;

import io.foregate.Generation;
import io.foregate.GenerationStats;
import io.foregate.cli.output.RunStats;
import io.foregate.report.Table;

/** What all answers of a conversation together took. For one thread. */
final class ChatTotals {
  private int promptTokens;
  private double promptSeconds;
  private int tokens;
  private int decodedTokens;
  private double decodeSeconds;

  void add(Generation answer) {
    GenerationStats stats = answer.stats();
    promptTokens += stats.promptTokens();
    promptSeconds += stats.promptSeconds();
    tokens += answer.tokens();
    decodedTokens += stats.decodedTokens();
    decodeSeconds += stats.decodeSeconds();
  }

  /** Adds what there is to say to a table. */
  void describe(Table table) {
    table.row("prompts", RunStats.speed(promptTokens, perSecond(promptTokens, promptSeconds)));
    table.row("answers", RunStats.speed(tokens, perSecond(decodedTokens, decodeSeconds)));
  }

  private static double perSecond(int count, double seconds) {
    return seconds > 0 ? count / seconds : 0;
  }
}
