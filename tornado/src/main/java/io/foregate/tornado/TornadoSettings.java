package io.foregate.tornado;

import java.util.Map;

/**
 * What TornadoVM reads from system properties when its classes are loaded, and how Foregate wants
 * it. What the user has set is left alone.
 */
final class TornadoSettings {
  private static final Map<String, String> WANTED =
      Map.of(
          // A kernel that does not compile must fail, not run as sequential Java.
          "tornado.recover.bailout", "False",
          // TornadoVM counts what it allocates against this and no driver; drivers know better.
          "tornado.device.memory", "1024GB",
          // Its default adds -cl-fast-relaxed-math, which assumes that there are no infinities.
          "tornado.opencl.compiler.flags", "-cl-mad-enable -w",
          // Kernels call small methods for each type; beyond 600 nodes it would refuse.
          "tornado.compiler.fullInlining", "True",
          "tornado.tvm.maxbytecodesize", "65536");

  private TornadoSettings() {}

  /** To be called before anything of TornadoVM is. */
  static void apply() {
    WANTED.forEach(
        (name, value) -> {
          if (System.getProperty(name) == null) {
            System.setProperty(name, value);
          }
        });
  }
}
