package io.foregate.model.weights;

import java.util.List;

/**
 * The routed experts of one layer, as they lie in the file: one matrix per expert and projection.
 *
 * @param gate per expert, {@code [hidden, embedding]}
 * @param up per expert, {@code [hidden, embedding]}
 * @param down per expert, {@code [embedding, hidden]}
 */
public record ExpertTensors(List<Matrix> gate, List<Matrix> up, List<Matrix> down) {
  public ExpertTensors {
    gate = List.copyOf(gate);
    up = List.copyOf(up);
    down = List.copyOf(down);
  }
}
