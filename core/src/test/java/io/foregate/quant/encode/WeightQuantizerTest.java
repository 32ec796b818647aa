package io.foregate.quant.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.encode.WeightQuantizer.Method;
import io.foregate.quant.format.Quants;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The searching quantizers against ggml's own, by the error that they promise to keep small. */
class WeightQuantizerTest {
  private static final int WEIGHTS = 64 * 256;

  static Stream<GgmlType> searched() {
    return Arrays.stream(GgmlType.values())
        .filter(Quants::writes)
        .filter(type -> type.isQuantized() && type != GgmlType.Q8_0);
  }

  private static float[] weights(long seed) {
    var random = new Random(seed);
    float[] x = new float[WEIGHTS];
    for (int i = 0; i < WEIGHTS; i++) {
      double size = 0.02 * (1 + (i / 256) % 5) * (i % 97 == 3 ? 4 : 1);
      x[i] = (float) (random.nextGaussian() * size);
    }
    return x;
  }

  private static float[] decoded(GgmlType type, Method method, float[] x, float[] importance) {
    var bytes = MemorySegment.ofArray(new byte[(int) type.byteSize(x.length)]);
    new WeightQuantizer(type, method).quantize(x, 0, importance, 0, bytes, 0, x.length);
    float[] back = new float[x.length];
    Quants.decode(type, bytes, 0, back, 0, back.length);
    return back;
  }

  private static double error(float[] x, float[] back, float[] importance) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      double difference = (double) x[i] - back[i];
      sum += (importance == null ? 1 : importance[i]) * difference * difference;
    }
    return sum;
  }

  static Stream<GgmlType> searchedBesideGgml() {
    return searched().filter(ReferenceQuantizer::followsGgml);
  }

  @ParameterizedTest
  @MethodSource("searchedBesideGgml")
  void searchLeavesLessErrorThanTheReference(GgmlType type) {
    float[] x = weights(1);
    float[] magnitudes = new float[WEIGHTS];
    for (int i = 0; i < WEIGHTS; i++) {
      magnitudes[i] = Math.abs(x[i]);
    }
    double reference = error(x, decoded(type, Method.REFERENCE, x, null), magnitudes);
    double search = error(x, decoded(type, Method.SEARCH, x, null), magnitudes);
    assertThat(search).isLessThan(reference);
  }

  @ParameterizedTest
  @MethodSource("searched")
  void importanceMovesTheErrorToWhatMattersLess(GgmlType type) {
    float[] x = weights(2);
    var random = new Random(3);
    float[] importance = new float[WEIGHTS];
    for (int i = 0; i < WEIGHTS; i++) {
      importance[i] = random.nextInt(8) == 0 ? 10 : 0.1f;
    }
    double blind = error(x, decoded(type, Method.SEARCH, x, null), importance);
    double told = error(x, decoded(type, Method.SEARCH, x, importance), importance);
    assertThat(told).isLessThan(blind);
  }

  /** What a text never touched has no importance anywhere: that must not mean no care. */
  @ParameterizedTest
  @MethodSource("searched")
  void noImportanceAtAllMeansAllMatterAlike(GgmlType type) {
    float[] x = weights(4);
    assertThat(decoded(type, Method.SEARCH, x, new float[WEIGHTS]))
        .isEqualTo(decoded(type, Method.SEARCH, x, null));
  }

  /** It does not minimize the squared error, but must not be far from who does. */
  @ParameterizedTest
  @MethodSource("searched")
  void halfQuadraticStaysNear(GgmlType type) {
    float[] x = weights(5);
    double plain = error(x, decoded(type, Method.REFERENCE, x, null), null);
    assertThat(error(x, decoded(type, Method.HQQ, x, null), null)).isLessThan(2 * plain);
  }

  @ParameterizedTest
  @MethodSource("searched")
  void oddBlocksStayFinite(GgmlType type) {
    float[] x = new float[4 * 256];
    Arrays.fill(x, 256, 512, 0.5f);
    Arrays.fill(x, 512, 768, -3f);
    x[800] = 1e-20f;
    x[900] = 6e4f;
    for (Method method : Method.values()) {
      float[] back = decoded(type, method, x, null);
      for (int i = 0; i < x.length; i++) {
        float allowed = i < 256 ? 0 : i < 768 ? 1 : 3e4f;
        assertThat(Math.abs(back[i] - x[i])).as("%s %d", method, i).isLessThanOrEqualTo(allowed);
      }
    }
  }

  @Test
  void exactTypesAreTheReference() {
    float[] x = weights(6);
    for (GgmlType type : new GgmlType[] {GgmlType.Q8_0, GgmlType.F16, GgmlType.F32}) {
      assertThat(decoded(type, Method.SEARCH, x, null))
          .isEqualTo(decoded(type, Method.REFERENCE, x, null));
    }
  }

  @Test
  void refusesWhatItCannotWrite() {
    assertThatThrownBy(() -> new WeightQuantizer(GgmlType.IQ2_XS, Method.SEARCH))
        .hasMessageContaining("IQ2_XS");
    var quantizer = new WeightQuantizer(GgmlType.Q4_K, Method.SEARCH);
    var bytes = MemorySegment.ofArray(new byte[144]);
    float[] x = new float[256];
    x[9] = Float.POSITIVE_INFINITY;
    assertThatThrownBy(() -> quantizer.quantize(x, 0, null, 0, bytes, 0, 256))
        .hasMessageContaining("element 9 is Infinity");
  }
}
