package io.foregate.engine;

import io.foregate.backend.Backend;
import io.foregate.backend.BackendModel;
import io.foregate.backend.cpu.CpuBackend;
import io.foregate.error.ForegateException;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.BackendName;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The backends that this installation has.
 *
 * @param usable those that loaded: found on the class path first, the CPU last, which always loads
 * @param failures why others that the class path names did not load, a sentence each
 */
public record BackendRegistry(List<Backend> usable, List<String> failures) {
  private static final System.Logger LOG = System.getLogger(BackendRegistry.class.getName());

  public BackendRegistry {
    usable = List.copyOf(usable);
    failures = List.copyOf(failures);
  }

  /** A model, and the backend that opened it. */
  record Opened(Backend backend, BackendModel model) {}

  /** Looks for backends. One that cannot be loaded does not keep the others from being found. */
  public static BackendRegistry find() {
    List<Backend> usable = new ArrayList<>();
    List<String> failures = new ArrayList<>();
    Iterator<Backend> providers = ServiceLoader.load(Backend.class).iterator();
    boolean advances = true;
    while (advances) {
      try {
        advances = providers.hasNext();
        if (advances) {
          usable.add(providers.next());
        }
      } catch (ServiceConfigurationError | LinkageError e) {
        String reason = reason(e);
        // The loader promises no more than to try to go on: told the same twice, it is stuck.
        advances = !failures.contains(reason);
        if (advances) {
          failures.add(reason);
        }
      }
    }
    usable.add(new CpuBackend());
    return new BackendRegistry(usable, failures);
  }

  private static String reason(Throwable e) {
    // The loader's own messages are whole sentences; a linkage error's is often just a class name.
    String what = e instanceof ServiceConfigurationError ? e.getMessage() : e.toString();
    return e.getCause() == null ? what : what + ": " + e.getCause();
  }

  /**
   * Opens a model on the backend of that name, or for {@link BackendName#AUTO} on the first one
   * that can.
   *
   * @param room throws if the model's device is too small for what is to be done there
   * @throws ForegateException naming the backends that there are when none has the name
   */
  Opened open(
      BackendName name,
      ModelConfig config,
      ModelWeights weights,
      int threads,
      Consumer<BackendModel> room) {
    Function<Backend, Opened> open =
        backend -> {
          BackendModel model = backend.open(config, weights, threads);
          try {
            room.accept(model);
            return new Opened(backend, model);
          } catch (RuntimeException | Error e) {
            model.close();
            throw e;
          }
        };
    return name.equals(BackendName.AUTO) ? first(open) : open.apply(named(name.text()));
  }

  private Opened first(Function<Backend, Opened> open) {
    failures.forEach(reason -> LOG.log(System.Logger.Level.DEBUG, "Backend skipped: {0}", reason));
    for (Backend backend : usable.subList(0, usable.size() - 1)) {
      Optional<String> reason = backend.whyNotAutomatic();
      if (reason.isPresent()) {
        LOG.log(
            System.Logger.Level.TRACE, "Backend {0} left alone: {1}", backend.name(), reason.get());
        continue;
      }
      try {
        return open.apply(backend);
      } catch (RuntimeException | LinkageError e) {
        LOG.log(
            System.Logger.Level.DEBUG,
            "Backend {0} skipped, it cannot open the model: {1}",
            backend.name(),
            e instanceof ForegateException ? e.getMessage() : e);
      }
    }
    return open.apply(usable.getLast());
  }

  private Backend named(String name) {
    return usable.stream()
        .filter(backend -> backend.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ForegateException(
                    "Backend '%s' is not available.".formatted(name),
                    "Available: %s, %s.%s"
                        .formatted(
                            BackendName.AUTO,
                            String.join(", ", usable.stream().map(Backend::name).toList()),
                            failures.isEmpty()
                                ? ""
                                : " Did not load: %s.".formatted(String.join("; ", failures)))));
  }
}
