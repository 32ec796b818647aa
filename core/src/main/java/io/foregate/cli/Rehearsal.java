package io.foregate.cli;

import io.foregate.cli.terminal.Cancellation;
import io.foregate.cli.terminal.Terminal;
import java.util.Arrays;
import java.util.List;

/**
 * Runs several command lines in one process, as {@link Main} runs one. A JVM that records what it
 * loads while they run can make an AOT cache of it; the launcher's {@code aot.sh} has it do so.
 */
final class Rehearsal {
  private static final String BETWEEN = ";";

  private Rehearsal() {}

  /**
   * @param args command lines, a lone {@code ;} between one and the next; the process ends with the
   *     last one's exit code
   */
  public static void main(String[] args) {
    List<String> words = Arrays.asList(args);
    int end = words.indexOf(BETWEEN);
    while (end >= 0) {
      Cli.run(
          Terminal.ofProcess(), new Cancellation(), words.subList(0, end).toArray(String[]::new));
      words = words.subList(end + 1, words.size());
      end = words.indexOf(BETWEEN);
    }
    Main.main(words.toArray(String[]::new));
  }
}
