package io.foregate.bench.startup;

import io.foregate.bench.startup.StartupResult.StartedCommand;
import io.foregate.engine.Machine;
import java.util.Locale;

/** A {@link StartupResult} for people. Made from the JSON's content alone, never typed. */
final class StartupMarkdown {
  private StartupMarkdown() {}

  static String of(StartupResult result) {
    var text = new StringBuilder("# Start-up\n\n");
    text.append(
        "Whole processes, from before the launcher's start until they have ended; files are in the"
            + " page cache.\n");
    text.append("Written by `scripts/bench-startup`; ");
    text.append("the samples are in [%1$s](%1$s).\n\n".formatted(StartupResult.FILE));
    text.append("| what | AOT cache | s | fastest to slowest | to reach |\n");
    text.append("|---|---|---:|---:|---:|\n");
    for (StartedCommand r : result.results()) {
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %.3f | %.3f to %.3f | %s |\n",
              r.name(),
              cache(r),
              r.medianSeconds(),
              r.fastestSeconds(),
              r.slowestSeconds(),
              r.goalSeconds() == null ? "" : String.format(Locale.ROOT, "%.1f", r.goalSeconds())));
    }
    text.append(
        "\nMedians of %d samples each, taken in turns.\n\n"
            .formatted(result.settings().repetitions()));
    Machine machine = result.machine();
    text.append(
        String.format(
            Locale.ROOT,
            "- machine: %s, %d cores, %.1f MiB, %s; load %.2f before the run\n",
            machine.cpu(),
            machine.cores(),
            machine.memoryBytes() / 1048576.0,
            machine.os(),
            result.load()));
    text.append(
        "- Foregate: %s, commit %s, %s; %s\n"
            .formatted(result.foregate(), result.commit(), result.kernels(), machine.java()));
    text.append("- model: %s\n".formatted(result.settings().model()));
    return text.append("- time: %s\n".formatted(result.time())).toString();
  }

  private static String cache(StartedCommand started) {
    if (started.command().isEmpty()) {
      return "the JDK's own";
    }
    return started.cache() ? "yes" : "no";
  }
}
