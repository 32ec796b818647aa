package io.foregate;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufMetadata;
import io.foregate.gguf.KnownValues;
import io.foregate.gguf.MetadataKey;
import io.foregate.options.Sampling;
import java.util.function.UnaryOperator;

/** How a model's makers would have it sampled ({@code general.sampling.*} of its file). */
final class SamplingDefaults {
  private SamplingDefaults() {}

  /** What a file says; open where it says nothing, or what means nothing. */
  static Sampling of(GgufMetadata metadata) {
    KnownValues values = KnownValues.of(metadata);
    Sampling said = Sampling.open();
    said =
        change(
            said,
            s ->
                values
                    .findReal(MetadataKey.SAMPLING_TEMPERATURE)
                    .map(s::withTemperature)
                    .orElse(s));
    said =
        change(said, s -> values.findReal(MetadataKey.SAMPLING_TOP_P).map(s::withTopP).orElse(s));
    said =
        change(said, s -> values.findReal(MetadataKey.SAMPLING_MIN_P).map(s::withMinP).orElse(s));
    said =
        change(
            said,
            s -> values.findReal(MetadataKey.SAMPLING_PENALTY).map(s::withRepeatPenalty).orElse(s));
    said =
        change(
            said,
            s ->
                values.has(MetadataKey.SAMPLING_TOP_K)
                    ? s.withTopK(Math.max(0, values.count(MetadataKey.SAMPLING_TOP_K)))
                    : s);
    return change(
        said,
        s ->
            values.has(MetadataKey.SAMPLING_PENALTY_WINDOW)
                ? s.withRepeatLastN(window(values.count(MetadataKey.SAMPLING_PENALTY_WINDOW)))
                : s);
  }

  /** As llama.cpp has it: -1 is the whole context. */
  private static int window(int tokens) {
    return tokens < 0 ? Integer.MAX_VALUE : tokens;
  }

  private static Sampling change(Sampling sampling, UnaryOperator<Sampling> change) {
    try {
      return change.apply(sampling);
    } catch (ForegateException e) {
      return sampling;
    }
  }
}
