package io.foregate.tornado.copy;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Writes of the driver's own, straight to where they belong in the pool, on the command queue of
 * the copies' plan and thread.
 *
 * <p>TornadoVM's {@code OCLDeviceContext}, {@code CUDADeviceContext} and {@code PTXDeviceContext}
 * have a public {@code enqueueWriteBuffer}, but no type in common, and an SDK holds but some of
 * them: so it is looked up by name.
 */
final class QueueUpload implements Upload {
  private static final String METHOD = "enqueueWriteBuffer";

  private final DeviceAddress pool;

  /** {@code (plan, buffer, offset, bytes, host, hostOffset, waitFor)}. */
  private final MethodHandle write;

  private final long buffer;
  private final long offset;

  /**
   * @throws IllegalStateException saying why this device cannot
   */
  QueueUpload(DeviceAddress pool) {
    this.pool = pool;
    TornadoVMBackendType type = pool.device().getTornadoVMBackend();
    boolean addressed = type == TornadoVMBackendType.PTX;
    // PTX wants a pointer into the array, the others the array's buffer and an offset into it.
    this.buffer = addressed ? 0 : pool.first() - TornadoNativeArray.ARRAY_HEADER;
    this.offset = addressed ? pool.first() : TornadoNativeArray.ARRAY_HEADER;
    this.write = writeMethod(pool.device().getDeviceContext(), addressed);
  }

  private static MethodHandle writeMethod(Object context, boolean addressed) {
    Class<?> l = long.class;
    MethodType full = MethodType.methodType(int.class, l, l, l, l, l, l, int[].class);
    MethodType found = addressed ? full.dropParameterTypes(1, 2) : full;
    try {
      MethodHandle method =
          MethodHandles.publicLookup()
              .findVirtual(context.getClass(), METHOD, found)
              .bindTo(context);
      return addressed ? MethodHandles.dropArguments(method, 1, l) : method;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "%s has no %s%s".formatted(context.getClass().getName(), METHOD, found), e);
    }
  }

  @Override
  public void write(MemorySegment source, long from, long bytes, int word) {
    try {
      int event =
          (int)
              write.invokeExact(
                  pool.plan(),
                  buffer,
                  offset + 4L * word,
                  bytes,
                  source.address(),
                  from,
                  (int[]) null);
      if (event < 0) {
        throw new IllegalStateException("the driver took no write of %d bytes".formatted(bytes));
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    } finally {
      pool.device().sync(pool.plan()); // the source may change afterwards
    }
  }

  @Override
  public void close() {
    // the queue is the plan's
  }
}
