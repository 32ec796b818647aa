package io.foregate.bench.slice;

import io.foregate.backend.Backend;
import io.foregate.engine.BackendRegistry;
import io.foregate.error.ForegateException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** What all parts of {@code scripts/gpu-report} take. */
public final class DeviceFlags {
  @Option(names = "--commit", required = true, description = "Of the sources that are measured.")
  String commit;

  @Option(names = "--out", required = true, description = "Folder of the results.")
  Path out;

  @Option(names = "--work", required = true, description = "Folder for generated models.")
  Path work;

  @Option(names = "--part", required = true, description = "Name of the result.")
  String part;

  @Option(names = "--backend", description = "Of which device. Default: tornado.")
  String backend = "tornado";

  @Option(names = "--slice", description = "mixtral or small. Default: mixtral.")
  private String slice = SliceShape.MIXTRAL.id();

  SliceShape shape() {
    return SliceShape.named(slice);
  }

  /**
   * @throws ForegateException saying why there is no such backend
   */
  Backend open() {
    return backend(backend);
  }

  /**
   * @throws ForegateException saying why there is none of the name
   */
  public static Backend backend(String name) {
    BackendRegistry all = BackendRegistry.find();
    return all.usable().stream()
        .filter(b -> b.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ForegateException(
                    "Backend '%s' is not available: %s"
                        .formatted(name, String.join("; ", all.failures())),
                    "scripts/gpu-report and scripts/bench-kernels start JVMs with TornadoVM."));
  }
}
