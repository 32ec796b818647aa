package io.foregate.cli;

import io.foregate.cli.output.InspectText;
import io.foregate.gguf.GgufFile;
import io.foregate.inspect.CopyBound;
import io.foregate.inspect.Inspection;
import io.foregate.inspect.InspectionProbe;
import io.foregate.inspect.VramFit;
import io.foregate.report.Json;

/** Inspects files for tests of other packages. */
public final class InspectProbe {
  private static final long VRAM = 1 << 30;

  private InspectProbe() {}

  /** All that {@code inspect} prints of a file but for its lists. */
  public static String inspect(GgufFile file) {
    Inspection facts = InspectionProbe.inspect(file);
    VramFit fit = VramFit.of(facts, VRAM);
    CopyBound bound = CopyBound.of(facts, fit, CopyBound.DEFAULT_LINK_GBPS);
    return InspectText.facts(facts)
        + InspectText.parts(facts)
        + InspectText.fit(facts, fit)
        + (bound == null ? "" : InspectText.copyBound(facts, bound))
        + Json.pretty(facts);
  }
}
