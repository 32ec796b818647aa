package io.foregate.cli.flag;

import io.foregate.Model;
import io.foregate.cli.terminal.LoadProgress;
import io.foregate.cli.terminal.Terminal;
import io.foregate.engine.Engine;
import io.foregate.gguf.GgufFile;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.options.KvType;
import io.foregate.options.ModelOptions;
import io.foregate.quant.vector.VectorProvider;
import io.foregate.report.Sizes;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of every command that opens a model. */
public final class ModelFlags {
  @Option(
      names = {"-m", "--model"},
      required = true,
      paramLabel = "FILE",
      description = "The model, a GGUF file or any of its shards.")
  public Path model;

  @Option(
      names = {"-c", "--ctx", "--ctx-size"},
      paramLabel = "N",
      description =
          "Context in tokens; 0 for the model's own, as in llama.cpp. Default: the model's, at most"
              + " "
              + ModelOptions.DEFAULT_CONTEXT_LIMIT
              + ".")
  private Integer context;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description = "Compute threads, 1 or more; default: one per core.")
  private int threads;

  @Option(
      names = "--kv-type",
      paramLabel = "TYPE",
      description = "Type of the KV cache: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private KvType kvType = ModelOptions.defaults().kvType();

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      description = "What computes: auto, cpu or tornado. Default: ${DEFAULT-VALUE}.")
  private String backend = ModelOptions.defaults().backend().text();

  @Option(
      names = "--policy",
      paramLabel = "NAME",
      description =
          "Where experts are kept, and how they come to the device: ${COMPLETION-CANDIDATES}."
              + " Default: ${DEFAULT-VALUE}.",
      completionCandidates = PolicyCandidates.class)
  private String policy = ModelOptions.defaults().offloading().policy().text();

  @Mixin private ExpertFlags experts;

  /** Whether files that are there may be replaced. */
  public boolean force() {
    return experts.force();
  }

  /** What to open the model with. */
  public ModelOptions options() {
    return new ModelOptions(
        threads, context(), kvType, BackendFlag.named(backend), experts.options(policy));
  }

  /** The context that was asked for; 0 for the default. */
  private int context() {
    if (context == null) {
      return 0;
    }
    return context == 0 ? trainedContext() : context;
  }

  private int trainedContext() {
    try (GgufFile file = GgufFile.open(model)) {
      return ModelConfigReader.read(file).contextLength();
    }
  }

  /** Opens the model by way of the public API, drawing what takes long. */
  public Model open(Terminal terminal) {
    ModelOptions options = options();
    experts.requireTargets();
    tellSlowKernels(terminal);
    try (var loading = new LoadProgress(terminal)) {
      return Model.open(model, options, loading);
    }
  }

  /** Opens the model's engine, drawing what takes long. */
  public Engine openEngine(Terminal terminal, ModelOptions options) {
    experts.requireTargets();
    tellSlowKernels(terminal);
    try (var loading = new LoadProgress(terminal)) {
      return Engine.open(model, options, loading);
    }
  }

  /** Says so when plain Java computes because the launcher took it that machine code would. */
  private static void tellSlowKernels(Terminal terminal) {
    VectorProvider kernels = VectorProvider.get();
    if (kernels.lacksModule()) {
      terminal.message(
          "foregate: the CPU's arithmetic is plain Java, which is slow (%s). It is faster with"
                  .formatted(kernels.reason())
              + " FOREGATE_JAVA_OPTS=--add-modules="
              + VectorProvider.MODULE);
    }
  }

  /**
   * Says so when the context is longer than the model was trained for: the text gets worse there,
   * without a failure that would tell.
   */
  public static void tellLongContext(Terminal terminal, int context, int trained) {
    if (context > trained) {
      terminal.message(
          "foregate: the context of %d tokens is longer than the %d that the model was trained for;"
                  .formatted(context, trained)
              + " expect worse text beyond them.");
    }
  }

  /** Says so when a text ended because no more of it can be remembered. */
  public static void tellFullContext(Terminal terminal, int context) {
    terminal.message(
        "foregate: the context of %s is full; a larger --ctx takes longer texts."
            .formatted(Sizes.counted(context, "token")));
  }
}
