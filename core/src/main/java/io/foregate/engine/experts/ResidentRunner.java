package io.foregate.engine.experts;

import io.foregate.backend.BackendModel;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.model.ModelConfig;
import io.foregate.store.layout.ExpertLayer;
import io.foregate.store.layout.PackedLayers;

/** All experts of the batch at once, from where they are for good. */
public final class ResidentRunner implements ExpertRunner {
  private final Sequence sequence;
  private final PackedLayers packed;
  private final ChosenExperts resident;

  /** Of the other layers; {@code null} where there is none. */
  private final ChosenExperts unpacked;

  /**
   * @param packed layers whose experts can be on the device
   */
  public ResidentRunner(
      Sequence sequence, BackendModel model, ModelConfig config, PackedLayers packed) {
    this.sequence = sequence;
    this.packed = packed;
    int experts = config.experts();
    this.resident = new ChosenExperts(sequence, model.residentExperts(), experts);
    this.unpacked =
        packed.unpacked() > 0
            ? new ChosenExperts(sequence, model.unpackedExperts(), experts)
            : null;
  }

  @Override
  public void begin(int[] tokens, int from, int to) {}

  @Override
  public void run(int layer, Routing routing) {
    sequence.runShared(layer);
    ExpertLayer at = packed.at(layer);
    if (at.isPacked()) {
      resident.run(layer, at.packed(), routing);
    } else {
      unpacked.run(layer, at.routed(), routing);
    }
  }

  @Override
  public void end(int layer) {}

  @Override
  public void reset() {}
}
