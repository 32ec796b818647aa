package io.foregate.cli;

import io.foregate.backend.Backend;
import io.foregate.engine.Backends;
import io.foregate.engine.Machine;
import io.foregate.quant.VectorProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code devices}: what can run a model here, and why something cannot. */
@Command(
    name = "devices",
    description = "List backends and devices found, and why one was not.",
    mixinStandardHelpOptions = true)
final class DevicesCommand implements Callable<Integer> {
  private static final String TORNADO = "tornado";

  private final Shell shell;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  /** The schema of {@code --json}. */
  private record Report(Machine machine, String vectorKernels, List<Entry> backends) {}

  private record Entry(String name, boolean available, String description) {}

  DevicesCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    List<Entry> backends = new ArrayList<>();
    for (Backend backend : Backends.available()) {
      backends.add(new Entry(backend.name(), true, backend.description()));
    }
    if (backends.stream().noneMatch(backend -> backend.name().equals(TORNADO))) {
      backends.add(
          new Entry(TORNADO, false, "not found: the TornadoVM module is not on the class path"));
    }
    var report = new Report(Machine.here(), VectorProvider.get().reason(), backends);
    shell.terminal().print(json ? Json.pretty(report) + "\n" : text(report));
    return ExitCode.OK;
  }

  private static String text(Report report) {
    var table = new Table("  ", "lll");
    for (Entry backend : report.backends()) {
      table.row(backend.name(), backend.available() ? "yes" : "no", backend.description());
    }
    Machine machine = report.machine();
    var facts = new Table("  ", "ll");
    facts.row("processor", machine.cpu() + ", " + machine.cores() + " cores for this process");
    facts.row("memory", Sizes.text(machine.memoryBytes()));
    facts.row("system", machine.os());
    facts.row("java", machine.java());
    facts.row("vector kernels", report.vectorKernels());
    return "backends\n" + table + "machine\n" + facts;
  }
}
