package io.foregate.tornado.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

/** The measurement measures, and gives back what it took. */
class BusSpeedTest {
  private static final long BYTES = 1 << 20;

  /** What the driver that is none says of any two events. */
  private static final double NANOS = 2.5e6;

  @Test
  void isBytesOfAllCopiesOverTheDevicesTime() {
    try (Arena arena = Arena.ofShared()) {
      var cuda = new FakeCuda(arena, BYTES);
      assertThat(BusSpeed.gbps(new CudaDriver(cuda), cuda.device.address(), BYTES))
          .hasSize(20)
          .allSatisfy(gbps -> assertThat(gbps).isCloseTo(8 * BYTES / NANOS, within(1e-9)));
      assertThat(cuda.count("cuMemcpyHtoDAsync")).isEqualTo(22 * 8);
      assertThat(cuda.isClean()).isTrue();
    }
  }

  @Test
  void givesBackWhatItTookWhenACopyFails() {
    try (Arena arena = Arena.ofShared()) {
      var cuda = new FakeCuda(arena, BYTES);
      cuda.fail("cuMemcpyHtoDAsync", 3);
      assertThatThrownBy(() -> BusSpeed.gbps(new CudaDriver(cuda), cuda.device.address(), BYTES))
          .hasMessageContaining("cuMemcpyHtoDAsync");
      assertThat(cuda.isClean()).isTrue();
    }
  }
}
