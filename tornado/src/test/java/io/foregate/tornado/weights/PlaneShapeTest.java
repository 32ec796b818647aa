package io.foregate.tornado.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Planes;
import io.foregate.model.weights.Matrix;
import io.foregate.quant.format.BlockFactor.Encoding;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The kernels' constants, held to the formats, and blocks' way to planes and back. */
class PlaneShapeTest {
  private static final int ROWS = 3;
  private static final int COLUMNS = 512;

  static Stream<GgmlType> inPlanes() {
    return Arrays.stream(GgmlType.values()).filter(type -> Planes.supports(type.id()));
  }

  static Stream<GgmlType> blocksInPlanes() {
    return inPlanes().filter(GgmlType::isQuantized);
  }

  @ParameterizedTest
  @MethodSource("blocksInPlanes")
  void kernelsKnowTheShapeOfTheFormat(GgmlType type) {
    PlaneShape shape = PlaneShape.of(type);
    int kind = type.id();
    assertThat(Planes.lowWords(kind)).isEqualTo(shape.lowBits());
    assertThat(Planes.highWords(kind)).isEqualTo(shape.highBits());
    assertThat(Planes.scaleWords(kind)).isEqualTo(shape.scaleWords());
    assertThat(Planes.factorBytes(kind)).isEqualTo(shape.factorBytes());
    assertThat(Planes.blockUnits(kind)).isEqualTo(shape.blockUnits());
    boolean f16 = shape.format().scales().factor().encoding() == Encoding.F16;
    assertThat(Planes.factors(kind)).isEqualTo(f16 ? shape.factorBytes() / 2 : 0);
  }

  /** A name of the kernels that is not ggml's number would be another type. */
  @Test
  void kernelsNameTypesByGgmlsNumbers() throws ReflectiveOperationException {
    for (GgmlType type : inPlanes().toList()) {
      assertThat(Planes.class.getField(type.name()).getInt(null)).isEqualTo(type.id());
    }
    assertThat(Planes.F32).isEqualTo(GgmlType.F32.id());
  }

  @ParameterizedTest
  @MethodSource("inPlanes")
  void blocksComeBackAsTheyWere(GgmlType type) {
    var random = new Random(type.id());
    var packer = new PlanePacker(type, ROWS, COLUMNS);
    for (int fill : new int[] {-1, -1, 0x00, 0xFF, 0x55}) {
      byte[] bytes = new byte[Math.toIntExact(ROWS * type.byteSize(COLUMNS))];
      random.nextBytes(bytes);
      if (fill >= 0) {
        Arrays.fill(bytes, (byte) fill);
      }
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment data = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
        int at = 8;
        MemorySegment planes = arena.allocate(packer.bytes() + 2L * at).fill((byte) 0x5A);
        packer.pack(new Matrix(type, ROWS, COLUMNS, data), planes, at);
        MemorySegment back = arena.allocate(bytes.length).fill((byte) 0x5A);
        packer.unpack(planes, at, back);
        assertThat(back.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
        assertThat(planes.asSlice(0, at).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0x5A);
        assertThat(planes.asSlice(at + packer.bytes()).toArray(ValueLayout.JAVA_BYTE))
            .containsOnly(0x5A);
      }
    }
  }

  @Test
  void gridsHaveNoPlanes() {
    assertThatThrownBy(() -> PlaneShape.of(GgmlType.IQ2_S)).hasMessageContaining("IQ2_S");
    assertThatThrownBy(() -> new PlanePacker(GgmlType.IQ2_S, 1, 256)).hasMessageContaining("IQ2_S");
  }
}
