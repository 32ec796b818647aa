package io.foregate.bench;

import io.foregate.backend.Backend;
import io.foregate.engine.Backends;
import io.foregate.error.ForegateException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** What all parts of {@code scripts/gpu-report} take. */
final class DeviceFlags {
  @Option(names = "--commit", required = true, description = "Of the sources that are measured.")
  String commit;

  @Option(names = "--out", required = true, description = "Folder of the results.")
  Path out;

  @Option(names = "--work", required = true, description = "Folder for generated models.")
  Path work;

  @Option(names = "--part", required = true, description = "Name of the result's file.")
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
    Backends all = Backends.find();
    return all.usable().stream()
        .filter(b -> b.name().equals(backend))
        .findFirst()
        .orElseThrow(
            () ->
                new ForegateException(
                    "Backend '%s' is not available: %s"
                        .formatted(backend, String.join("; ", all.failures())),
                    "scripts/gpu-report starts a JVM with TornadoVM for each --sdk."));
  }
}
