package io.foregate.engine;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The machine that a result was made on.
 *
 * @param cores CPUs that this process may use
 * @param memoryBytes the machine's memory
 */
public record Machine(String cpu, int cores, long memoryBytes, String os, String java) {

  /** The field's place behind the name: the process's state is 0. */
  private static final int MAJOR_FAULTS = 9;

  /** This one. */
  public static Machine here() {
    var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return new Machine(
        processorName(),
        Runtime.getRuntime().availableProcessors(),
        system.getTotalMemorySize(),
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch"),
        System.getProperty("java.vm.name") + " " + Runtime.version());
  }

  /** The CPU's name where Linux tells it, else the architecture. */
  private static String processorName() {
    Path info = Path.of("/proc/cpuinfo");
    if (Files.isReadable(info)) {
      try {
        List<String> lines = Files.readAllLines(info);
        for (String line : lines) {
          if (line.startsWith("model name")) {
            return line.substring(line.indexOf(':') + 1).strip();
          }
        }
      } catch (IOException e) {
        return System.getProperty("os.arch");
      }
    }
    return System.getProperty("os.arch");
  }

  /**
   * How often this process has waited for a page of memory that the system had to read from a disk;
   * -1 where the system does not tell. Takes some ten microseconds.
   */
  public static long majorFaults() {
    Path stat = Path.of("/proc/self/stat");
    try {
      return Files.isReadable(stat) ? majorFaults(Files.readString(stat)) : -1;
    } catch (IOException e) {
      return -1;
    }
  }

  /**
   * The field {@code majflt} of a line of {@code /proc/PID/stat} (proc(5)), which begins with the
   * process's number and, in parentheses, its name; -1 where there is none.
   */
  static long majorFaults(String stat) {
    String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", 12);
    try {
      return fields.length > MAJOR_FAULTS ? Long.parseLong(fields[MAJOR_FAULTS]) : -1;
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /**
   * The largest amount of physical memory that this process has held, in bytes, mapped files
   * included; -1 where the system does not tell.
   */
  public static long peakResidentBytes() {
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return -1;
    }
    try {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
      }
    } catch (IOException e) {
      return -1;
    }
    return -1;
  }
}
