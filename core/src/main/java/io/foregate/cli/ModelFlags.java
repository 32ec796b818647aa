package io.foregate.cli;

import io.foregate.Model;
import io.foregate.ModelOptions;
import io.foregate.backend.KvType;
import io.foregate.engine.Engine;
import io.foregate.engine.EngineOptions;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of every command that opens a model. */
final class ModelFlags {
  @Option(
      names = {"-m", "--model"},
      required = true,
      paramLabel = "FILE",
      description = "The model, a GGUF file.")
  Path model;

  @Option(
      names = {"-c", "--ctx"},
      paramLabel = "N",
      description =
          "Context in tokens; default: the model's, at most "
              + EngineOptions.DEFAULT_CONTEXT_LIMIT
              + ".")
  private int context;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description = "Compute threads; default: one per core.")
  private int threads;

  @Option(
      names = "--kv-type",
      paramLabel = "TYPE",
      description = "Type of the KV cache: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private KvType kvType = KvType.F16;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      description = "What computes: auto, cpu or tornado. Default: ${DEFAULT-VALUE}.")
  private String backend = "auto";

  @Option(
      names = "--policy",
      paramLabel = "NAME",
      description =
          "Where experts are kept, and how they come to the device: resident (all are there),"
              + " on-demand, lru, lru-as-published, mixtral-offloading, lookahead, hybrid or oracle."
              + " Default: ${DEFAULT-VALUE}.")
  private String policy = "resident";

  @Mixin private ExpertFlags experts;

  /** What to open the model with. */
  EngineOptions options() {
    Flags.requireNotNegative("--ctx", context);
    Flags.requireNotNegative("--threads", threads);
    return new EngineOptions(
        threads, context, kvType, Flags.backend(backend), experts.options(policy));
  }

  /** Opens the model by way of the public API, drawing what takes long. */
  Model open(Terminal terminal) {
    EngineOptions options = options();
    var modelOptions =
        new ModelOptions(
            options.threads(),
            options.context(),
            options.kvType() == KvType.F16,
            options.backend(),
            experts.offloading(policy));
    try (var loading = new LoadProgress(terminal)) {
      return Model.open(model, modelOptions, loading);
    }
  }

  /** Opens the model's engine, drawing what takes long. */
  Engine openEngine(Terminal terminal, EngineOptions options) {
    try (var loading = new LoadProgress(terminal)) {
      return Engine.open(model, options, loading);
    }
  }

  /**
   * Says so when the context is longer than the model was trained for: the text gets worse there,
   * without a failure that would tell.
   */
  static void tellLongContext(Terminal terminal, int context, int trained) {
    if (context > trained) {
      terminal.message(
          "foregate: the context of %d tokens is longer than the %d that the model was trained for;"
                  .formatted(context, trained)
              + " expect worse text beyond them.");
    }
  }
}
