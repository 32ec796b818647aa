package io.foregate.quant.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.gguf.GgmlType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Blocks' way to planes and back, an integer at a time and eight bytes at a time. */
class PlaneRowsTest {
  private static final int ROWS = 3;
  private static final int COLUMNS = 512;

  static Set<GgmlType> types() {
    return PlaneShape.TYPES;
  }

  @ParameterizedTest
  @MethodSource("types")
  void blocksComeBackAsTheyWere(GgmlType type) {
    var random = new Random(type.id());
    var packer = new PlanePacker(type, ROWS, COLUMNS);
    int blocks = ROWS * COLUMNS / type.blockSize();
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
        packer.pack(data, planes, at);
        MemorySegment back = arena.allocate(bytes.length).fill((byte) 0x5A);
        packer.unpack(planes, at, back);
        assertThat(back.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
        assertThat(planes.asSlice(0, at).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0x5A);
        assertThat(planes.asSlice(at + packer.bytes()).toArray(ValueLayout.JAVA_BYTE))
            .containsOnly(0x5A);
        back.fill((byte) 0x5A);
        MemorySegment own = planes.asSlice(at, packer.bytes());
        PlaneRows.read(type, own, blocks, 0, blocks, back);
        assertThat(back.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void someBlocksAreThoseOfTheMatrix(GgmlType type) {
    int blocks = 7;
    var packer = new PlanePacker(type, blocks, type.blockSize());
    byte[] bytes = new byte[blocks * type.blockBytes()];
    new Random(1).nextBytes(bytes);
    MemorySegment planes = MemorySegment.ofArray(new byte[Math.toIntExact(packer.bytes())]);
    packer.pack(MemorySegment.ofArray(bytes), planes, 0);
    byte[] some = new byte[3 * type.blockBytes()];
    PlaneRows.read(type, planes, blocks, 4, 3, MemorySegment.ofArray(some));
    assertThat(some).isEqualTo(Arrays.copyOfRange(bytes, 4 * type.blockBytes(), bytes.length));
    assertThatThrownBy(
            () -> PlaneRows.read(type, planes, blocks, 5, 3, MemorySegment.ofArray(some)))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void f16sAreTheirOwnPlane() {
    var packer = new PlanePacker(GgmlType.F16, ROWS, COLUMNS);
    byte[] bytes = new byte[2 * ROWS * COLUMNS];
    new Random(1).nextBytes(bytes);
    byte[] planes = new byte[Math.toIntExact(packer.bytes())];
    packer.pack(MemorySegment.ofArray(bytes), MemorySegment.ofArray(planes), 0);
    assertThat(planes).isEqualTo(bytes);
  }

  @Test
  void gridsHaveNoPlanes() {
    assertThatThrownBy(() -> PlaneShape.of(GgmlType.IQ2_S)).hasMessageContaining("IQ2_S");
    assertThatThrownBy(() -> new PlanePacker(GgmlType.IQ2_S, 1, 256)).hasMessageContaining("IQ2_S");
  }
}
