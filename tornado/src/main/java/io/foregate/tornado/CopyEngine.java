package io.foregate.tornado;

import io.foregate.backend.Link;
import io.foregate.error.ForegateException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What makes copies into expert slots. */
enum CopyEngine {
  /** TornadoVM's transfers, on a thread and a queue of their own: beside kernels. */
  TRANSFERS,
  /** The same on the thread that computes: never beside a kernel. For reference. */
  SYNCHRONOUS;

  /**
   * The engine of a name.
   *
   * @throws ForegateException naming those that there are when it has none
   */
  static CopyEngine named(String name) {
    if (name.equals(Link.AUTO)) {
      return TRANSFERS;
    }
    return Arrays.stream(values())
        .filter(engine -> engine.id().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ForegateException(
                    "There is no copy engine '%s' on backend tornado.".formatted(name),
                    "There are: %s, %s."
                        .formatted(
                            Link.AUTO,
                            Arrays.stream(values())
                                .map(CopyEngine::id)
                                .collect(Collectors.joining(", ")))));
  }

  private String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
