package io.foregate.tornado.weights;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Planes;
import io.foregate.quant.format.BlockFactor.Encoding;
import io.foregate.quant.format.PlanePacker;
import io.foregate.quant.format.PlaneShape;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The kernels' constants, held to the formats. */
class PlanesTest {
  static Stream<GgmlType> inPlanes() {
    return Arrays.stream(GgmlType.values()).filter(type -> Planes.supports(type.id()));
  }

  static Stream<GgmlType> blocksInPlanes() {
    return inPlanes().filter(GgmlType::isQuantized);
  }

  @Test
  void kernelsReadWhatIsPacked() {
    assertThat(blocksInPlanes()).containsExactlyInAnyOrderElementsOf(PlaneShape.TYPES);
    for (GgmlType type : GgmlType.values()) {
      assertThat(PlanePacker.holds(type, 256)).isEqualTo(Planes.supports(type.id()));
    }
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
    int units = 24;
    int blocks = units / shape.blockUnits();
    assertThat(4L * Planes.highOffset(kind, units)).isEqualTo(shape.highAt(blocks));
    assertThat(4L * Planes.scaleOffset(kind, units)).isEqualTo(shape.scaleAt(blocks));
    assertThat(4L * Planes.factorOffset(kind, units)).isEqualTo(shape.factorAt(blocks));
    assertThat(4L * Planes.words(kind, units)).isEqualTo(shape.bytes(blocks));
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
}
