package io.foregate.store;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** How much memory can be taken without anything being swapped out. */
final class FreeMemory {
  private FreeMemory() {}

  /**
   * Bytes that are free, or hold what can be read again. In a container, no more than its limit
   * leaves beside what this process has taken.
   */
  static long bytes() {
    var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    List<String> machine = lines(Path.of("/proc/meminfo"));
    OptionalLong available = field(machine, "MemAvailable:");
    if (available.isEmpty()) {
      return system.getFreeMemorySize();
    }
    // The bean knows the limits of containers, /proc/meminfo does not.
    long limit = system.getTotalMemorySize();
    if (limit >= field(machine, "MemTotal:").orElse(0)) {
      return available.getAsLong();
    }
    long own = field(lines(Path.of("/proc/self/status")), "RssAnon:").orElse(0);
    return Math.min(available.getAsLong(), Math.max(0, limit - own));
  }

  /** A field of a file of /proc, which are in KiB. */
  static OptionalLong field(List<String> lines, String name) {
    return lines.stream()
        .filter(line -> line.startsWith(name) && line.endsWith(" kB"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst();
  }

  private static List<String> lines(Path file) {
    try {
      return Files.isReadable(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException e) {
      return List.of(); // a system that does not tell
    }
  }
}
