package io.foregate.gate.train;

import io.foregate.error.ForegateException;
import io.foregate.files.FileKind;
import io.foregate.gate.Safetensors;
import io.foregate.gguf.ModelHash;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A training between two rounds, on disk: whoever goes on from it comes to the same gates as one
 * who was never stopped. One training writes it at a time.
 */
public final class GateCheckpoint {
  private static final String FORMAT = "foregate alignment checkpoint";

  private GateCheckpoint() {}

  /**
   * Writes a checkpoint; it is there whole or not at all.
   *
   * @param task what is being done: gates, plan and texts, which must be the same to go on
   */
  public static void write(Path path, GateTrainer trainer, ModelHash model, String task) {
    TrainerState state = trainer.state();
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("format", FORMAT);
    metadata.put("model", model.hex());
    metadata.put("task", task);
    metadata.put("round", Integer.toString(state.round));
    metadata.put("step", Integer.toString(state.step));
    metadata.put("stale", Integer.toString(state.stale));
    metadata.put("best_recall", Double.toString(state.bestRecall));
    List<Safetensors.Tensor> tensors = new ArrayList<>();
    for (int p = 0; p < trainer.points().size(); p++) {
      PointTrainer point = trainer.points().get(p);
      for (Part part : Part.values()) {
        float[] values = part.of(point, state, p);
        tensors.add(Safetensors.Tensor.of(part.name(p), values, values.length));
      }
    }
    Safetensors.write(path, FileKind.CHECKPOINT, metadata, tensors);
  }

  /**
   * Puts a trainer where the checkpoint was written.
   *
   * @throws ForegateException if it is damaged, or of another task or model
   */
  public static void read(Path path, GateTrainer trainer, ModelHash model, String task) {
    Safetensors file = Safetensors.read(path, FileKind.CHECKPOINT);
    require(path, "format", file.metadata("format"), FORMAT);
    if (!file.metadata("model").equals(model.hex())) {
      throw new ForegateException(
          path + ": the checkpoint is of another model",
          "Go on with the model that it began with, or begin anew.");
    }
    require(path, "task", file.metadata("task"), task);
    TrainerState state = trainer.state();
    try {
      state.round = Integer.parseInt(file.metadata("round"));
      state.step = Integer.parseInt(file.metadata("step"));
      state.stale = Integer.parseInt(file.metadata("stale"));
      state.bestRecall = Double.parseDouble(file.metadata("best_recall"));
    } catch (NumberFormatException e) {
      throw new ForegateException(
          path + ": the checkpoint's counters are no numbers",
          "Start anew instead of going on.",
          e);
    }
    for (int p = 0; p < trainer.points().size(); p++) {
      for (Part part : Part.values()) {
        float[] values = part.of(trainer.points().get(p), state, p);
        System.arraycopy(file.floats(part.name(p), values.length), 0, values, 0, values.length);
      }
    }
  }

  private static void require(Path path, String what, String found, String expected) {
    if (!found.equals(expected)) {
      throw new ForegateException(
          "%s: the checkpoint's %s is '%s', expected '%s'".formatted(path, what, found, expected),
          "Go on with the model, texts and options that it began with, or start anew.");
    }
  }

  /** What is kept of every point. */
  private enum Part {
    PARAMETERS,
    MEAN,
    SQUARE,
    BEST;

    String name(int point) {
      return "%d.%s".formatted(point, name());
    }

    float[] of(PointTrainer trainer, TrainerState state, int point) {
      return switch (this) {
        case PARAMETERS -> trainer.parameters().values;
        case MEAN -> trainer.optimizer().mean;
        case SQUARE -> trainer.optimizer().square;
        case BEST -> state.best.get(point);
      };
    }
  }
}
