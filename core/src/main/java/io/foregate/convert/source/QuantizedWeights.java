package io.foregate.convert.source;

import com.fasterxml.jackson.databind.JsonNode;
import io.foregate.error.ForegateException;
import java.util.List;
import java.util.Optional;

/** Folders whose weights somebody has made small already: GPTQ, AWQ, FP8, bitsandbytes, .. */
public final class QuantizedWeights {
  private static final List<String> FIELDS = List.of("quantization_config", "compression_config");

  /** gpt-oss's own format, whose blocks are carried over as they are. */
  private static final String CARRIED = "mxfp4";

  private QuantizedWeights() {}

  /** Refuses what only the program that made it can read. */
  public static void refuse(HfConfig config) {
    for (String field : FIELDS) {
      Optional<JsonNode> found = config.find(field).filter(node -> !node.isEmpty());
      String method = found.map(node -> node.path("quant_method").asText("")).orElse(CARRIED);
      if (!method.equals(CARRIED)) {
        JsonNode bits = found.get().path("bits");
        throw new ForegateException(
            "%s: '%s' says that the weights have been quantized already (%s%s), which cannot be read"
                .formatted(
                    config.file(),
                    field,
                    method.isEmpty() ? "in a way that it does not name" : method,
                    bits.isNumber() ? ", " + bits.asInt() + " bits" : ""),
            "Convert the original model's folder, and quantize the file that comes of it.");
      }
    }
  }
}
