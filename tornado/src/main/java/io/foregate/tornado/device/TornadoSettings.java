package io.foregate.tornado.device;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What TornadoVM reads from system properties when its classes are loaded, and how Foregate wants
 * it. What the user has set is left alone.
 */
public final class TornadoSettings {
  /** How a token's experts are computed, see {@link #exact}. */
  public static final String ARITHMETIC = "foregate.arithmetic";

  private static final String MEMORY = "tornado.device.memory";

  /** A size as TornadoVM reads it: "512MB", "4GB", or bytes. */
  private static final Pattern SIZE = Pattern.compile("(\\d+)(?:([KMGTPE]?)B)?");

  private static final Map<String, String> WANTED =
      Map.of(
          // A kernel that does not compile must fail, not run as sequential Java.
          "tornado.recover.bailout",
          "False",
          // TornadoVM counts what it allocates against this and no driver; drivers know better.
          MEMORY,
          "1024GB",
          // Its default adds -cl-fast-relaxed-math, which assumes that there are no infinities.
          "tornado.opencl.compiler.flags",
          "-cl-mad-enable -w",
          // Kernels call small methods for each type; beyond 600 nodes it would refuse.
          "tornado.compiler.fullInlining",
          "True",
          "tornado.tvm.maxbytecodesize",
          "65536");

  private TornadoSettings() {}

  /** To be called before anything of TornadoVM is. */
  public static void apply() {
    WANTED.forEach(
        (name, value) -> {
          if (System.getProperty(name) == null) {
            System.setProperty(name, value);
          }
        });
  }

  /**
   * Whether CUDA graphs are to be tried where there are some: {@code -Dforegate.cuda.graphs=false}
   * says no.
   */
  public static boolean cudaGraphs() {
    return Boolean.parseBoolean(System.getProperty("foregate.cuda.graphs", "true"));
  }

  /**
   * Whether a token's experts have the bits that the CPU gives them: {@code
   * -Dforegate.arithmetic=fast} says no.
   */
  public static boolean exact() {
    return !System.getProperty(ARITHMETIC, "exact").equals("fast");
  }

  /** Bytes that TornadoVM will allocate at most, however many the device has. */
  public static long memoryLimit() {
    Matcher size = SIZE.matcher(System.getProperty(MEMORY, WANTED.get(MEMORY)));
    if (!size.matches()) {
      return Long.MAX_VALUE; // TornadoVM refuses it itself
    }
    String unit = size.group(2);
    int power = unit == null || unit.isEmpty() ? 0 : 1 + "KMGTPE".indexOf(unit);
    return Long.parseLong(size.group(1)) << (10 * power);
  }
}
