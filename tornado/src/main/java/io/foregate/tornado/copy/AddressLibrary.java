package io.foregate.tornado.copy;

import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;

/**
 * A library, in TornadoVM's sense, that does nothing but note where an array lies on the device:
 * the one public way to a buffer's address. Found by {@link java.util.ServiceLoader}.
 */
public final class AddressLibrary implements TornadoLibraryProvider {
  private static final String NAME = "foregate/address";

  /** It has no state of its own. */
  private record None() implements LibraryContext {}

  /** What the task found out, once its graph has been executed. */
  static final class Finding {
    private DeviceAddress address;

    DeviceAddress address() {
      return address;
    }
  }

  /** A library task that writes the array's address into the finding. */
  static LibraryTaskDescriptor locate(IntArray array, Finding finding) {
    return new LibraryTaskDescriptor()
        .withLibrary(NAME)
        .withFunction("locate")
        .withParameters(new Object[] {array})
        .withAccess(new Access[] {Access.READ_WRITE})
        .withTuning(finding);
  }

  @Override
  public String libraryName() {
    return NAME;
  }

  @Override
  public boolean canHandle(TornadoXPUDevice device) {
    return true;
  }

  @Override
  public LibraryContext createContext(TornadoXPUDevice device, long executionPlanId) {
    return new None();
  }

  @Override
  public void dispatch(String functionName, LibraryInvocation invocation) {
    ((Finding) invocation.getTuning()).address =
        new DeviceAddress(
            invocation.getDevice(),
            invocation.getExecutionPlanId(),
            invocation.getDevicePointer(0));
  }

  @Override
  public void destroyContext(LibraryContext context) {
    // there is nothing to give back
  }
}
