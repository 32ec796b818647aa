package io.foregate.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.backend.BackendModel;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.options.KvType;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A scheduler may run the experts of a layer in any order and in any parts: no bit may change. */
class ExpertOrderTest {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(names = {"F32", "Q8_0", "Q4_K"})
  void theOrderInWhichExpertsRunChangesNoBit(GgmlType type) throws IOException {
    TinyModel tiny = TinyModel.mixture("order-" + type, type);
    Path file = TinyModelWriter.write(tiny, folder);
    Random random = new Random(7);
    try (GgufFile gguf = GgufFile.open(file)) {
      ModelConfig config = ModelConfigReader.read(gguf);
      try (BackendModel model = new CpuBackend().open(config, ModelReader.read(gguf, config), 2)) {
        for (int tokens = 1; tokens <= tiny.tokens().length; tokens++) {
          int[] prompt = Arrays.copyOf(tiny.tokens(), tokens);
          float[] expected = logits(model, config, prompt, ids -> List.of(ids));
          assertThat(logits(model, config, prompt, ExpertOrderTest::oneByOne))
              .as("%d tokens, one expert after the other", tokens)
              .containsExactly(expected);
          assertThat(logits(model, config, prompt, ids -> shuffledParts(ids, random)))
              .as("%d tokens, experts in shuffled parts", tokens)
              .containsExactly(expected);
        }
      }
    }
  }

  /** How the distinct experts of a layer are divided into calls. */
  private interface Division {
    List<List<Integer>> parts(List<Integer> ids);
  }

  private static List<List<Integer>> oneByOne(List<Integer> ids) {
    return ids.reversed().stream().map(List::of).toList();
  }

  private static List<List<Integer>> shuffledParts(List<Integer> ids, Random random) {
    List<Integer> shuffled = ids.stream().collect(Collectors.toList());
    Collections.shuffle(shuffled, random);
    int cut = random.nextInt(shuffled.size() + 1);
    return List.of(shuffled.subList(cut, shuffled.size()), shuffled.subList(0, cut));
  }

  /** After every token. */
  private static float[] logits(
      BackendModel model, ModelConfig config, int[] tokens, Division division) {
    float[] logits = new float[tokens.length * config.vocabulary()];
    try (Sequence sequence = model.newSequence(tokens.length, KvType.F16)) {
      sequence.embed(tokens, 0, tokens.length, 0);
      for (int layer = 0; layer < config.layers(); layer++) {
        sequence.attention(layer);
        for (List<Integer> part : division.parts(chosen(sequence.route(layer)))) {
          int[] ids = part.stream().mapToInt(Integer::intValue).toArray();
          int first = layer * config.experts();
          int[] places = part.stream().mapToInt(id -> first + id).toArray();
          sequence.runExperts(layer, model.residentExperts(), ids, places, ids.length);
        }
        sequence.combineExperts(layer);
      }
      sequence.logits(0, tokens.length, logits);
    }
    return logits;
  }

  private static List<Integer> chosen(Routing routing) {
    return Arrays.stream(routing.ids(), 0, routing.tokens() * routing.used())
        .distinct()
        .sorted()
        .boxed()
        .toList();
  }
}
