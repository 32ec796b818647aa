package io.foregate.quant.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.LittleEndian;
import io.foregate.quant.format.Quants;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Decoding and quantizing, byte for byte against the Python package gguf and ggml itself; the
 * files' layout and maker is scripts/oracle/make_quant_golden.py.
 */
class QuantsGoldenTest {
  private static final int RANDOM_ELEMENTS = 256;

  @ParameterizedTest
  @EnumSource(
      names = {
        "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "MXFP4",
        "IQ4_NL", "IQ4_XS", "IQ3_S", "IQ3_XXS", "IQ2_S", "IQ2_XS", "IQ2_XXS", "IQ1_S", "IQ1_M",
        "TQ1_0", "TQ2_0"
      })
  void decodesRandomBlocksBitExactly(GgmlType type) throws IOException {
    byte[] golden = resource(type);
    int blockBytes = (int) type.byteSize(RANDOM_ELEMENTS);
    MemorySegment file = MemorySegment.ofArray(golden);
    int[] expected = new int[RANDOM_ELEMENTS];
    for (int i = 0; i < RANDOM_ELEMENTS; i++) {
      expected[i] = LittleEndian.i32(file, blockBytes + 4L * i);
    }
    float[] decoded = new float[RANDOM_ELEMENTS + 3];
    Quants.decode(type, file, 0, decoded, 3, RANDOM_ELEMENTS);
    int[] bits = new int[RANDOM_ELEMENTS];
    for (int i = 0; i < RANDOM_ELEMENTS; i++) {
      bits[i] = Float.floatToRawIntBits(decoded[i + 3]);
    }
    assertThat(bits).isEqualTo(expected);
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q8_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K",
        "Q8_K", "MXFP4", "IQ4_NL", "IQ4_XS"
      })
  void quantizesByteExactly(GgmlType type) throws IOException {
    byte[] golden = resource(type);
    float[] x = input();
    byte[] out = new byte[(int) type.byteSize(x.length)];
    ReferenceQuantizer.quantize(type, x, 0, MemorySegment.ofArray(out), 0, x.length);
    byte[] expected = Arrays.copyOfRange(golden, golden.length - out.length, golden.length);
    if (type == GgmlType.IQ4_NL) {
      clearCodesWithoutScale(type, expected);
    }
    assertThat(out).isEqualTo(expected);
  }

  /** ggml leaves whatever codes the block before had where a scale is zero. */
  private static void clearCodesWithoutScale(GgmlType type, byte[] blocks) {
    for (int block = 0; block < blocks.length; block += type.blockBytes()) {
      if (blocks[block] == 0 && blocks[block + 1] == 0) {
        Arrays.fill(blocks, block, block + type.blockBytes(), (byte) 0);
      }
    }
  }

  @Test
  void halfAndBrainFloatsRoundToNearestEven() {
    float[] x = {
      1f + 0x1p-11f, 1f + 0x1p-11f + 0x1p-20f, 65520f, 0x1p-25f, 1f + 0x1p-8f, Float.NaN
    };
    byte[] out = new byte[2 * x.length];
    float[] back = new float[x.length];
    ReferenceQuantizer.quantize(GgmlType.F16, x, 0, MemorySegment.ofArray(out), 0, x.length);
    Quants.decode(GgmlType.F16, MemorySegment.ofArray(out), 0, back, 0, x.length);
    assertThat(back)
        .containsExactly(1f, 1f + 0x1p-10f, Float.POSITIVE_INFINITY, 0f, 1f + 0x1p-8f, Float.NaN);
    ReferenceQuantizer.quantize(GgmlType.BF16, x, 0, MemorySegment.ofArray(out), 0, x.length);
    Quants.decode(GgmlType.BF16, MemorySegment.ofArray(out), 0, back, 0, x.length);
    assertThat(back).containsExactly(1f, 1f, 65536f, 0x1p-25f, 1f, Float.NaN);
  }

  @Test
  void refusesPartBlocksAndOtherTypes() {
    MemorySegment s = MemorySegment.ofArray(new byte[64]);
    assertThatThrownBy(() -> Quants.decode(GgmlType.Q8_0, s, 0, new float[64], 0, 33))
        .hasMessageContaining("33 elements of Q8_0")
        .hasMessageContaining("32");
    assertThatThrownBy(() -> Quants.dotType(GgmlType.Q8_K)).hasMessageContaining("Q8_K");
  }

  @Test
  void refusesToQuantizeWhatIsNotFinite() {
    float[] x = new float[32];
    x[7] = Float.NaN;
    MemorySegment s = MemorySegment.ofArray(new byte[64]);
    assertThatThrownBy(() -> ReferenceQuantizer.quantize(GgmlType.Q4_0, x, 0, s, 0, 32))
        .hasMessageContaining("element 7 is NaN");
  }

  private static float[] input() throws IOException {
    MemorySegment file = MemorySegment.ofArray(resource("input"));
    float[] x = new float[(int) (file.byteSize() / 4)];
    for (int i = 0; i < x.length; i++) {
      x[i] = LittleEndian.f32(file, 4L * i);
    }
    return x;
  }

  private static byte[] resource(GgmlType type) throws IOException {
    return resource(type.name().toLowerCase(Locale.ROOT));
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = QuantsGoldenTest.class.getResourceAsStream("/quant/" + name + ".bin")) {
      return in.readAllBytes();
    }
  }
}
