package io.foregate.oracle.keys;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.oracle.Evaluation.Candidate;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * What llama.cpp makes of one {@link KeyCase}.
 *
 * @param name the case's
 * @param outcome {@code loads}, {@code refuses} or {@code aborts}
 * @param positions where it loads: the most probable tokens after {@link #POSITIONS}
 */
record KeyGolden(
    @JsonProperty("case") String name, String outcome, List<List<Candidate>> positions) {

  /** Whose successors' probabilities are compared, as scripts/oracle/llama-keys.mjs has them. */
  static final List<Integer> POSITIONS = List.of(8, 39);

  private static final String RESOURCE = "/oracle/keys.jsonl.gz";

  boolean loads() {
    return outcome.equals("loads");
  }

  /** All cases by their names. */
  static Map<String, KeyGolden> all() throws IOException {
    ObjectReader json =
        new JsonMapper()
            .readerFor(KeyGolden.class)
            .without(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
    Map<String, KeyGolden> all = new HashMap<>();
    try (InputStream in = new GZIPInputStream(KeyGolden.class.getResourceAsStream(RESOURCE));
        var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        KeyGolden golden = json.readValue(line);
        if (golden.name() != null) { // the first line tells the source
          all.put(golden.name(), golden);
        }
      }
    }
    return all;
  }
}
