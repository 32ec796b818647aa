package io.foregate.cli;

import io.foregate.backend.Backend;
import io.foregate.cli.flag.BackendFlag;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.LongWork;
import io.foregate.cli.terminal.Shell;
import io.foregate.engine.BackendRegistry;
import io.foregate.engine.Machine;
import io.foregate.report.Json;
import io.foregate.report.Sizes;
import io.foregate.report.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code devices}: what can run a model here, and why something cannot. */
@Command(
    name = "devices",
    description = "List backends and devices found, and why one was not.",
    mixinStandardHelpOptions = true)
final class DevicesCommand implements Callable<Integer> {
  private final Shell shell;
  private final BooleanSupplier verbose;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  /**
   * The schema of {@code --json}; {@code failures} says why backends did not load, {@code choices}
   * what {@code --verbose} has them try.
   */
  private record Report(
      Machine machine, String vectorKernels, List<Entry> backends, List<String> failures) {}

  private record Entry(String name, boolean available, String description, List<String> choices) {

    static Entry of(Backend backend, boolean verbose) {
      List<String> choices = new ArrayList<>();
      if (verbose) {
        choices.add(
            backend
                .whyNotAutomatic()
                .map(reason -> "--backend auto leaves it alone: " + reason)
                .orElse("--backend auto may take it"));
        choices.addAll(backend.choices());
      }
      return new Entry(backend.name(), true, backend.description(), choices);
    }
  }

  /**
   * @param verbose whether backends are to try what they would choose
   */
  DevicesCommand(Shell shell, BooleanSupplier verbose) {
    this.shell = shell;
    this.verbose = verbose;
  }

  @Override
  public Integer call() {
    List<Entry> backends = new ArrayList<>();
    BackendRegistry found = BackendRegistry.find();
    boolean tries = verbose.getAsBoolean();
    try (LongWork _ = LongWork.of(shell.terminal(), "trying what devices can do")) {
      found.usable().forEach(backend -> backends.add(Entry.of(backend, tries)));
    }
    if (backends.stream().noneMatch(backend -> backend.name().equals(BackendFlag.TORNADO))) {
      String advice = found.failures().isEmpty() ? " (setup-tornado.sh installs TornadoVM)" : "";
      String reason = BackendFlag.whyNoTornado(found) + advice;
      backends.add(new Entry(BackendFlag.TORNADO, false, reason, List.of()));
    }
    var report = new Report(Machine.here(), VectorProbe.reason(), backends, found.failures());
    shell.terminal().print(json ? Json.pretty(report) + "\n" : text(report));
    return ExitCode.OK;
  }

  private static String text(Report report) {
    var table = new Table("  ", "lll");
    for (Entry backend : report.backends()) {
      table.row(backend.name(), backend.available() ? "yes" : "no", backend.description());
      backend.choices().forEach(choice -> table.row("", "", choice));
    }
    Machine machine = report.machine();
    var facts = new Table("  ", "ll");
    facts.row("CPU", machine.cpu() + ", " + machine.cores() + " cores for this process");
    facts.row("memory", Sizes.text(machine.memoryBytes()));
    facts.row("system", machine.os());
    facts.row("java", machine.java());
    facts.row("vector kernels", report.vectorKernels());
    var failures = new Table("  ", "l");
    report.failures().forEach(failures::row);
    String failed = report.failures().isEmpty() ? "" : "backends that did not load\n" + failures;
    return "backends\n" + table + failed + "machine\n" + facts;
  }
}
