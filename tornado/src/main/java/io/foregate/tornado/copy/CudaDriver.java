package io.foregate.tornado.copy;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * The few functions of CUDA's driver API (libcuda) that copies need. Handles and device pointers
 * are {@code long}, as the ABIs of 64-bit machines pass them. Every function throws {@link
 * CudaException} where the driver reports an error.
 */
@SuppressWarnings("restricted") // calling libcuda is what this is for
final class CudaDriver {
  private static final int SUCCESS = 0;
  private static final int NOT_READY = 600;
  private static final int POINTER_CONTEXT = 1;
  private static final int STREAM_NON_BLOCKING = 1;
  private static final int EVENT_BLOCKING_SYNC = 1;

  /** What the driver says it is. */
  static final class CudaException extends RuntimeException {
    private static final long serialVersionUID = 1;

    CudaException(String function, int code, String name) {
      super("%s failed: %s (%d)".formatted(function, name, code));
    }
  }

  @FunctionalInterface
  private interface Call {
    int run() throws Throwable;
  }

  private final SymbolLookup symbols;
  private final MethodHandle errorName;
  private final MethodHandle pointerAttribute;
  private final MethodHandle setCurrent;
  private final MethodHandle streamCreate;
  private final MethodHandle streamSynchronize;
  private final MethodHandle streamDestroy;
  private final MethodHandle hostAllocate;
  private final MethodHandle hostFree;
  private final MethodHandle copy;
  private final MethodHandle eventCreate;
  private final MethodHandle eventRecord;
  private final MethodHandle eventQuery;
  private final MethodHandle eventSynchronize;
  private final MethodHandle eventElapsed;
  private final MethodHandle eventDestroy;

  /**
   * @param symbols libcuda's, which must stay loaded
   * @throws IllegalStateException naming a function that it lacks
   */
  CudaDriver(SymbolLookup symbols) {
    this.symbols = symbols;
    this.errorName = function("cuGetErrorName", JAVA_INT, ADDRESS);
    this.pointerAttribute = function("cuPointerGetAttribute", ADDRESS, JAVA_INT, JAVA_LONG);
    this.setCurrent = function("cuCtxSetCurrent", JAVA_LONG);
    this.streamCreate = function("cuStreamCreate", ADDRESS, JAVA_INT);
    this.streamSynchronize = function("cuStreamSynchronize", JAVA_LONG);
    this.streamDestroy = function("cuStreamDestroy_v2", JAVA_LONG);
    this.hostAllocate = function("cuMemHostAlloc", ADDRESS, JAVA_LONG, JAVA_INT);
    this.hostFree = function("cuMemFreeHost", ADDRESS);
    this.copy = function("cuMemcpyHtoDAsync_v2", JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG);
    this.eventCreate = function("cuEventCreate", ADDRESS, JAVA_INT);
    this.eventRecord = function("cuEventRecord", JAVA_LONG, JAVA_LONG);
    this.eventQuery = function("cuEventQuery", JAVA_LONG);
    this.eventSynchronize = function("cuEventSynchronize", JAVA_LONG);
    this.eventElapsed = function("cuEventElapsedTime", ADDRESS, JAVA_LONG, JAVA_LONG);
    this.eventDestroy = function("cuEventDestroy_v2", JAVA_LONG);
  }

  /**
   * The driver of this machine.
   *
   * @throws IllegalStateException saying that there is none
   */
  static CudaDriver installed() {
    String name =
        System.getProperty("os.name").startsWith("Windows") ? "nvcuda.dll" : "libcuda.so.1";
    try {
      return new CudaDriver(SymbolLookup.libraryLookup(name, Arena.global()));
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException("there is no CUDA driver (%s)".formatted(name), e);
    }
  }

  private MethodHandle function(String name, MemoryLayout... parameters) {
    MemorySegment address =
        symbols
            .find(name)
            .orElseThrow(() -> new IllegalStateException("the CUDA driver has no " + name));
    return Linker.nativeLinker()
        .downcallHandle(address, FunctionDescriptor.of(JAVA_INT, parameters));
  }

  private static int result(Call call) {
    try {
      return call.run();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private void check(String function, Call call) {
    int code = result(call);
    if (code != SUCCESS) {
      throw failure(function, code);
    }
  }

  private CudaException failure(String function, int code) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ADDRESS);
      boolean known = result(() -> (int) errorName.invokeExact(code, out)) == SUCCESS;
      MemorySegment name = out.get(ADDRESS, 0);
      return new CudaException(
          function,
          code,
          known ? name.reinterpret(Long.MAX_VALUE).getString(0) : "an error without a name");
    }
  }

  private long handle(String function, MethodHandle create, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      check(function, () -> (int) create.invokeExact(out, flags));
      return out.get(JAVA_LONG, 0);
    }
  }

  /** The context that device memory belongs to. */
  long contextOf(long devicePointer) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      check(
          "cuPointerGetAttribute",
          () -> (int) pointerAttribute.invokeExact(out, POINTER_CONTEXT, devicePointer));
      return out.get(JAVA_LONG, 0);
    }
  }

  /** Binds a context to this thread. */
  void makeCurrent(long context) {
    check("cuCtxSetCurrent", () -> (int) setCurrent.invokeExact(context));
  }

  /** A stream that does not wait for the default one. */
  long newStream() {
    return handle("cuStreamCreate", streamCreate, STREAM_NON_BLOCKING);
  }

  /** Waits for all that is in a stream. */
  void finish(long stream) {
    check("cuStreamSynchronize", () -> (int) streamSynchronize.invokeExact(stream));
  }

  void destroyStream(long stream) {
    check("cuStreamDestroy", () -> (int) streamDestroy.invokeExact(stream));
  }

  /** Page-locked host memory, valid until {@link #freePinned}. */
  MemorySegment allocatePinned(long bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ADDRESS);
      check("cuMemHostAlloc", () -> (int) hostAllocate.invokeExact(out, bytes, 0));
      return out.get(ADDRESS, 0).reinterpret(bytes);
    }
  }

  void freePinned(MemorySegment memory) {
    check("cuMemFreeHost", () -> (int) hostFree.invokeExact(memory));
  }

  /** Enqueues a copy to the device; {@code source} must stay as it is until it has been made. */
  void copy(long target, MemorySegment source, long bytes, long stream) {
    check("cuMemcpyHtoDAsync", () -> (int) copy.invokeExact(target, source, bytes, stream));
  }

  /** An event that takes the time; who waits for it sleeps. */
  long newEvent() {
    return handle("cuEventCreate", eventCreate, EVENT_BLOCKING_SYNC);
  }

  /** The event happens when all that is in the stream now is done. */
  void record(long event, long stream) {
    check("cuEventRecord", () -> (int) eventRecord.invokeExact(event, stream));
  }

  /** Whether an event has happened. */
  boolean happened(long event) {
    int code = result(() -> (int) eventQuery.invokeExact(event));
    if (code != SUCCESS && code != NOT_READY) {
      throw failure("cuEventQuery", code);
    }
    return code == SUCCESS;
  }

  /** Waits for an event. */
  void await(long event) {
    check("cuEventSynchronize", () -> (int) eventSynchronize.invokeExact(event));
  }

  /** Nanoseconds of the device between two events that have happened. */
  long nanosBetween(long start, long end) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment milliseconds = arena.allocate(JAVA_FLOAT);
      check("cuEventElapsedTime", () -> (int) eventElapsed.invokeExact(milliseconds, start, end));
      return (long) (1e6 * milliseconds.get(JAVA_FLOAT, 0));
    }
  }

  void destroyEvent(long event) {
    check("cuEventDestroy", () -> (int) eventDestroy.invokeExact(event));
  }
}
