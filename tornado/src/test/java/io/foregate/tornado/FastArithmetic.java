package io.foregate.tornado;

import io.foregate.tornado.device.TornadoSettings;

/**
 * While this is open, devices multiply activations as they are, as those do that are held to double
 * precision, and not rounded to 8 bits.
 */
final class FastArithmetic implements AutoCloseable {
  private final String before = System.getProperty(TornadoSettings.ARITHMETIC);

  FastArithmetic() {
    System.setProperty(TornadoSettings.ARITHMETIC, "fast");
  }

  @Override
  public void close() {
    if (before == null) {
      System.clearProperty(TornadoSettings.ARITHMETIC);
    } else {
      System.setProperty(TornadoSettings.ARITHMETIC, before);
    }
  }
}
