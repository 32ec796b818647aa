package io.foregate.tornado.kernels;

import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.KernelContext;

/** Runs kernels as what they also are: Java methods, in groups of one thread, one after another. */
final class PlainJava {
  private PlainJava() {}

  static void run(int groups, Consumer<KernelContext> kernel) {
    var context = new KernelContext();
    set(context, "localGroupSizeX", 1);
    set(context, "globalGroupSizeX", groups);
    for (int group = 0; group < groups; group++) {
      set(context, "groupIdx", group);
      set(context, "globalIdx", group);
      kernel.accept(context);
    }
  }

  /** The fields are final for those who write kernels: a device has registers in their place. */
  static void set(KernelContext context, String field, int value) {
    try {
      var f = KernelContext.class.getField(field);
      f.setAccessible(true);
      f.set(context, value);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }
}
