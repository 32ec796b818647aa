package io.foregate.tornado.kernels;

import io.foregate.tornado.BackendCheck;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Errors that comparisons found, noted for {@link BackendCheck}, which asks after each test. */
public final class Errors {
  private static final List<Double> NOTED = Collections.synchronizedList(new ArrayList<>());

  private Errors() {}

  /** Notes it, and gives it back. */
  static double noted(double error) {
    NOTED.add(error);
    return error;
  }

  /** Those since the last call. */
  public static List<Double> take() {
    synchronized (NOTED) {
      List<Double> taken = List.copyOf(NOTED);
      NOTED.clear();
      return taken;
    }
  }
}
