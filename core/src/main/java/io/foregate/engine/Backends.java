package io.foregate.engine;

import io.foregate.backend.Backend;
import io.foregate.backend.cpu.CpuBackend;
import io.foregate.error.ForegateException;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/** The backends that this installation has. */
public final class Backends {
  private Backends() {}

  /** All of them: those found on the class path first, the CPU last. */
  public static List<Backend> available() {
    List<Backend> found = new ArrayList<>();
    ServiceLoader.load(Backend.class).forEach(found::add);
    found.add(new CpuBackend());
    return found;
  }

  /**
   * The backend of that name, or the first one for {@code auto}.
   *
   * @throws ForegateException naming those that there are
   */
  public static Backend choose(String name) {
    List<Backend> found = available();
    return found.stream()
        .filter(b -> name.equals("auto") || b.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ForegateException(
                    "Backend '%s' is not available.".formatted(name),
                    "Available: auto, %s."
                        .formatted(String.join(", ", found.stream().map(Backend::name).toList()))));
  }
}
