package io.foregate.quant.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.BlockFormat.Use;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every format promises; that they are ggml's, {@code QuantsGoldenTest} holds. */
class BlockFormatTest {
  private static final short[] F16S = {0, 1, 0x03FF, 0x3C00, (short) 0xBC00, 0x7BFF, 0x2E66};

  static Stream<BlockFormat> formats() {
    return Arrays.stream(GgmlType.values()).filter(BlockFormat::exists).map(BlockFormat::of);
  }

  static Stream<BlockFormat> weights() {
    return formats().filter(format -> format.use() != Use.ACTIVATIONS);
  }

  static Stream<BlockFormat> withCodesOfTheirOwn() {
    return weights().filter(format -> format.elementCodes().isPresent());
  }

  private static List<BitPlane> planes(BlockFormat format) {
    var planes = new ArrayList<BitPlane>();
    switch (format.codes()) {
      case ElementCodes.Linear linear -> planes.addAll(linear.codes().planes());
      case ElementCodes.Table table -> planes.addAll(table.codes().planes());
      case ElementCodes.SignedGrid grid -> {
        planes.addAll(grid.codes().planes());
        planes.addAll(grid.signs().planes());
      }
      case ElementCodes.ShiftedGrid grid -> {
        planes.addAll(grid.codes().planes());
        planes.addAll(grid.down().planes());
      }
      case ElementCodes.Ternary _ -> planes.add(BitPlane.dense(8, 0, 52));
    }
    Stream.concat(Stream.of(format.scales()), format.minima().stream())
        .forEach(
            scaling -> {
              planes.addAll(scaling.codes().planes());
              planes.addAll(scaling.factor().planes());
            });
    return planes;
  }

  /** No bit is overlooked, and none means two things: so what is packed anew loses nothing. */
  @ParameterizedTest
  @MethodSource("weights")
  void everyBitOfABlockHasOneMeaning(BlockFormat format) {
    int[] meanings = new int[8 * format.type().blockBytes()];
    for (BitPlane plane : planes(format)) {
      for (int place : plane.places()) {
        for (int i = 0; i < plane.width(); i++) {
          meanings[place + i]++;
        }
      }
    }
    assertThat(meanings).containsOnly(1);
  }

  @ParameterizedTest
  @MethodSource("formats")
  void subBlocksFillABlock(BlockFormat format) {
    assertThat(format.subBlocks() * format.sub()).isEqualTo(format.type().blockSize());
    assertThat(format.type().blockSize()).isLessThanOrEqualTo(UnpackedBlock.MAX_BLOCK);
  }

  /** Codes, scales and minima of random blocks, packed, are those blocks. */
  @ParameterizedTest
  @MethodSource("withCodesOfTheirOwn")
  void packingIsTheInverseOfReading(BlockFormat format) {
    var random = new Random(3);
    int bytes = format.type().blockBytes();
    int size = format.type().blockSize();
    var packer = new BlockPacker(format);
    for (int round = 0; round < 200; round++) {
      byte[] block = new byte[bytes + BitPlane.PADDING];
      random.nextBytes(block);
      TestFactors.set(format.type(), block, 0, F16S, round);
      int[] q = new int[size];
      format.elementCodes().orElseThrow().read(block, q, 0, size);
      byte[] packed = new byte[bytes];
      packer.pack(
          factor(format.scales(), block),
          format.minima().map(minima -> factor(minima, block)).orElse(0f),
          codes(format.scales(), format, block),
          format.minima().map(minima -> codes(minima, format, block)).orElse(null),
          q,
          MemorySegment.ofArray(packed),
          0);
      assertThat(packed).isEqualTo(Arrays.copyOf(block, bytes));
    }
  }

  private static float factor(Scaling scaling, byte[] block) {
    float factor = scaling.factor().read(block);
    return scaling.codes().isConstant() ? factor * scaling.codes().least() : factor;
  }

  private static int[] codes(Scaling scaling, BlockFormat format, byte[] block) {
    int[] raw = new int[format.subBlocks()];
    scaling.codes().read(block, raw, 0, raw.length);
    return Arrays.stream(raw).map(scaling.codes()::value).toArray();
  }

  @Test
  void whatHasNoFormatIsRefused() {
    assertThat(BlockFormat.exists(GgmlType.NVFP4)).isFalse();
    assertThatThrownBy(() -> BlockFormat.of(GgmlType.NVFP4)).hasMessageContaining("NVFP4");
    BlockFormat grid = BlockFormat.of(GgmlType.IQ2_S);
    assertThatThrownBy(() -> new BlockPacker(grid)).hasMessageContaining("IQ2_S");
  }
}
