package io.foregate.cli.flag;

import io.foregate.backend.Backend;
import io.foregate.cli.terminal.CommandException;
import io.foregate.cli.terminal.UsageException;
import io.foregate.engine.BackendRegistry;
import io.foregate.options.BackendName;
import java.util.List;
import java.util.stream.Stream;

/** What {@code --backend} names, and what is known of one that is not there. */
public final class BackendFlag {
  public static final String TORNADO = "tornado";

  private BackendFlag() {}

  /**
   * The backend of that name; case does not matter.
   *
   * @throws CommandException if it is not there, saying why
   * @throws UsageException if nothing is known by that name
   */
  public static BackendName named(String name) {
    BackendName asked = new BackendName(name);
    if (asked.equals(BackendName.CPU) || asked.equals(BackendName.AUTO)) {
      return asked;
    }
    BackendRegistry found = BackendRegistry.find();
    List<String> names = found.usable().stream().map(Backend::name).toList();
    if (names.contains(asked.text())) {
      return asked;
    }
    String available =
        "Available: %s."
            .formatted(
                String.join(
                    ", ",
                    Stream.concat(Stream.of(BackendName.AUTO.text()), names.stream()).toList()));
    if (asked.text().equals(TORNADO)) {
      throw new CommandException(
          "backend 'tornado' is %s".formatted(whyNoTornado(found)), whatToDo(found) + available);
    }
    throw new UsageException("there is no backend '%s'".formatted(name), available);
  }

  /** Why there is no TornadoVM. */
  public static String whyNoTornado(BackendRegistry found) {
    return found.failures().isEmpty()
        ? "not found: the TornadoVM module is not on the class path"
        : "not found: the TornadoVM module is not among what loaded";
  }

  private static String whatToDo(BackendRegistry found) {
    return found.failures().isEmpty()
        ? "setup-tornado.sh installs TornadoVM, and scripts/foregate finds it. "
        : "Did not load: %s. ".formatted(String.join("; ", found.failures()));
  }
}
