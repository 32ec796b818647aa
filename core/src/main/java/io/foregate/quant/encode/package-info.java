/**
 * Rounds weights to formats: as ggml does ({@link io.foregate.quant.encode.ReferenceQuantizer}) and
 * better ({@link io.foregate.quant.encode.WeightQuantizer}).
 */
package io.foregate.quant.encode;
