package io.foregate.inspect;

import io.foregate.gguf.GgufFile;
import io.foregate.options.KvType;

/** Inspects open files for tests of other packages. */
public final class InspectionProbe {
  private InspectionProbe() {}

  /** The facts of a file, at the model's own context. */
  public static Inspection inspect(GgufFile file) {
    return Inspection.of(file, Support.obstacle(file), 0, KvType.F16);
  }
}
