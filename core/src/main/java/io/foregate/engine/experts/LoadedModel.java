package io.foregate.engine.experts;

import io.foregate.backend.BackendModel;
import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.ModelWeights;

/**
 * A model whose dense weights are on a device.
 *
 * @param file that {@code weights} are views of
 * @param device where they are
 */
public record LoadedModel(
    GgufFile file, ModelConfig config, ModelWeights weights, BackendModel device) {}
