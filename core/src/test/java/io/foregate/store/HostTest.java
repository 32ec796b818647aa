package io.foregate.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.management.OperatingSystemMXBean;
import io.foregate.error.ForegateException;
import io.foregate.options.TierChoice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

/** What the store asks of the machine, and what it makes of the answers. */
class HostTest {
  private static final long TIB = 1L << 40;

  @Property
  void autoNeverTakesTheLastMemory(
      @ForAll @LongRange(max = TIB) long records,
      @ForAll @LongRange(max = TIB) long others,
      @ForAll @LongRange(max = 2 * TIB) long free) {
    TierDecision decision = TierDecision.auto(records, others, free);
    long left = free - records - others;
    boolean roomy = left >= 1L << 30 && left >= free / 10;
    assertThat(decision.tier()).isEqualTo(roomy ? Tier.RAM : Tier.FILE);
    assertThat(decision.reason()).contains((records >> 20) + " MiB", (free >> 20) + " MiB");
  }

  @Test
  void readsFieldsOfProc() {
    List<String> lines =
        List.of("MemTotal:       24594720 kB", "MemAvailable:   22000000 kB", "HugePages_Total: 0");
    assertThat(FreeMemory.field(lines, "MemAvailable:")).hasValue(22_000_000L << 10);
    assertThat(FreeMemory.field(lines, "SwapTotal:")).isEmpty();
    assertThat(FreeMemory.field(lines, "HugePages_Total:")).isEmpty();
  }

  @Test
  void findsFreeMemory() {
    var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    assertThat(FreeMemory.bytes()).isPositive().isLessThanOrEqualTo(system.getTotalMemorySize());
  }

  @Test
  void locksPagesWhereThatIsAllowed() throws IOException {
    Path status = Path.of("/proc/self/status");
    assumeThat(status).exists();
    var lock = new PosixMemoryLock();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(1 << 20, 4096);
      assumeThat(lock.lock(memory)).isEmpty();
      assertThat(lockedBytes(status)).isGreaterThanOrEqualTo(1 << 20);
      lock.unlock(memory);
      assertThat(lockedBytes(status)).isLessThan(1 << 20);
    }
  }

  private static long lockedBytes(Path status) throws IOException {
    return FreeMemory.field(Files.readAllLines(status), "VmLck:").orElseThrow();
  }

  @Test
  @SuppressWarnings("restricted")
  void tellsWhyPagesAreNotLocked() {
    // What is not mapped cannot be locked, whatever the limits; the system says ENOMEM for both.
    assertThat(new PosixMemoryLock().lock(MemorySegment.ofAddress(4096).reinterpret(4096)))
        .isPresent();
  }

  @Test
  void knowsTheNamesOfTiers() {
    assertThat(TierChoice.words()).containsExactly("auto", "ram", "file");
    for (TierChoice choice : TierChoice.values()) {
      assertThat(TierChoice.of(TierChoice.words().get(choice.ordinal()))).isEqualTo(choice);
    }
    assertThatThrownBy(() -> TierChoice.of("disk"))
        .isInstanceOf(ForegateException.class)
        .hasMessageContainingAll("'disk'", "auto, ram, file");
  }
}
