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
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A CUDA driver made of Java methods, as lazy as the interface allows: a copy is made when somebody
 * waits for an event behind it, from what its source holds by then. It checks what a driver would
 * trust: contexts, handles, bounds, page-locked sources.
 */
@SuppressWarnings("restricted") // it stands in for a native library
final class FakeCuda implements SymbolLookup {
  static final long CONTEXT = 0xC0;
  static final int OUT_OF_MEMORY = 2;
  private static final int INVALID_VALUE = 1;
  private static final int INVALID_CONTEXT = 201;
  private static final int INVALID_HANDLE = 400;
  private static final int NOT_READY = 600;

  private interface Work {
    int run();
  }

  /** Device memory. */
  final MemorySegment device;

  /** Names of the functions called, in order. */
  final List<String> calls = new ArrayList<>();

  /** Streams, events and page-locked memory that are there. */
  final Set<Long> streams = new HashSet<>();

  final Set<Long> events = new HashSet<>();
  final Map<Long, Long> pinned = new HashMap<>();

  private final Arena arena;
  private final Map<String, MemorySegment> symbols = new HashMap<>();
  private final Map<Long, Boolean> happened = new HashMap<>();
  private final Deque<Work> pending = new ArrayDeque<>();
  private final Map<String, Integer> failures = new HashMap<>();
  private long current;
  private long nextHandle = 0x100;

  FakeCuda(Arena arena, long bytes) {
    this.arena = arena;
    this.device = arena.allocate(bytes, 256);
    define("cuGetErrorName", JAVA_INT, ADDRESS);
    define("cuPointerGetAttribute", ADDRESS, JAVA_INT, JAVA_LONG);
    define("cuCtxSetCurrent", JAVA_LONG);
    define("cuStreamCreate", ADDRESS, JAVA_INT);
    define("cuStreamSynchronize", JAVA_LONG);
    define("cuStreamDestroy_v2", JAVA_LONG);
    define("cuMemHostAlloc", ADDRESS, JAVA_LONG, JAVA_INT);
    define("cuMemFreeHost", ADDRESS);
    define("cuMemcpyHtoDAsync_v2", JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG);
    define("cuEventCreate", ADDRESS, JAVA_INT);
    define("cuEventRecord", JAVA_LONG, JAVA_LONG);
    define("cuEventQuery", JAVA_LONG);
    define("cuEventSynchronize", JAVA_LONG);
    define("cuEventElapsedTime", ADDRESS, JAVA_LONG, JAVA_LONG);
    define("cuEventDestroy_v2", JAVA_LONG);
  }

  private void define(String name, MemoryLayout... parameters) {
    FunctionDescriptor descriptor = FunctionDescriptor.of(JAVA_INT, parameters);
    MethodType type = descriptor.toMethodType();
    try {
      symbols.put(
          name,
          Linker.nativeLinker()
              .upcallStub(MethodHandles.lookup().bind(this, name, type), descriptor, arena));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  @Override
  public Optional<MemorySegment> find(String name) {
    return Optional.ofNullable(symbols.get(name));
  }

  /** As if the library had no such function. */
  void remove(String name) {
    symbols.remove(name);
  }

  /** The function's call after {@code successes} further ones fails. */
  void fail(String function, int successes) {
    failures.put(function, successes);
  }

  long count(String function) {
    return calls.stream().filter(function::equals).count();
  }

  /** Nothing is left that was taken. */
  boolean isClean() {
    return streams.isEmpty() && events.isEmpty() && pinned.isEmpty();
  }

  /** What a call returns before it does anything: 0 to go on. */
  private int enter(String name) {
    calls.add(name);
    Integer left = failures.computeIfPresent(name, (function, n) -> n - 1);
    if (left != null && left < 0) {
      failures.remove(name);
      return OUT_OF_MEMORY;
    }
    return current == CONTEXT ? 0 : INVALID_CONTEXT;
  }

  private int drain() {
    int code = 0;
    while (!pending.isEmpty()) {
      code = Math.max(code, pending.remove().run());
    }
    return code;
  }

  private static int or(int code, int other) {
    return code == 0 ? other : code;
  }

  private static void put(MemorySegment out, long value) {
    out.reinterpret(8).set(JAVA_LONG, 0, value);
  }

  int cuGetErrorName(int code, MemorySegment out) {
    out.reinterpret(8).set(ADDRESS, 0, arena.allocateFrom("CUDA_ERROR_NUMBER_" + code));
    return 0;
  }

  int cuPointerGetAttribute(MemorySegment out, int attribute, long pointer) {
    if (attribute != 1 || !isOnDevice(pointer, 4)) {
      return INVALID_VALUE;
    }
    put(out, CONTEXT);
    return 0;
  }

  private boolean isOnDevice(long pointer, long bytes) {
    long at = pointer - device.address();
    return at >= 0 && bytes > 0 && at + bytes <= device.byteSize();
  }

  int cuCtxSetCurrent(long context) {
    current = context;
    return context == CONTEXT ? 0 : INVALID_CONTEXT;
  }

  int cuStreamCreate(MemorySegment out, int flags) {
    int code = enter("cuStreamCreate");
    if (code != 0 || flags != 1) {
      return or(code, INVALID_VALUE);
    }
    streams.add(nextHandle);
    put(out, nextHandle++);
    return 0;
  }

  int cuStreamSynchronize(long stream) {
    int code = enter("cuStreamSynchronize");
    return code == 0 && streams.contains(stream) ? drain() : or(code, INVALID_HANDLE);
  }

  int cuStreamDestroy_v2(long stream) {
    int code = enter("cuStreamDestroy");
    return code == 0 && streams.remove(stream) ? 0 : or(code, INVALID_HANDLE);
  }

  int cuMemHostAlloc(MemorySegment out, long bytes, int flags) {
    int code = enter("cuMemHostAlloc");
    if (code != 0) {
      return code;
    }
    MemorySegment memory = arena.allocate(bytes, 4096);
    pinned.put(memory.address(), bytes);
    put(out, memory.address());
    return 0;
  }

  int cuMemFreeHost(MemorySegment memory) {
    int code = enter("cuMemFreeHost");
    return code == 0 && pinned.remove(memory.address()) != null ? 0 : or(code, INVALID_VALUE);
  }

  int cuMemcpyHtoDAsync_v2(long target, MemorySegment source, long bytes, long stream) {
    int code = enter("cuMemcpyHtoDAsync");
    if (code != 0) {
      return code;
    }
    boolean isPinned =
        pinned.entrySet().stream()
            .anyMatch(
                block ->
                    source.address() >= block.getKey()
                        && source.address() + bytes <= block.getKey() + block.getValue());
    if (!isPinned || !isOnDevice(target, bytes) || !streams.contains(stream)) {
      return INVALID_VALUE;
    }
    pending.add(
        () -> {
          MemorySegment.copy(
              source.reinterpret(bytes), 0, device, target - device.address(), bytes);
          return 0;
        });
    return 0;
  }

  int cuEventCreate(MemorySegment out, int flags) {
    int code = enter("cuEventCreate");
    if (code != 0) {
      return code;
    }
    events.add(nextHandle);
    put(out, nextHandle++);
    return 0;
  }

  int cuEventRecord(long event, long stream) {
    int code = enter("cuEventRecord");
    if (code != 0 || !events.contains(event) || !streams.contains(stream)) {
      return or(code, INVALID_HANDLE);
    }
    happened.put(event, false);
    pending.add(
        () -> {
          happened.put(event, true);
          return 0;
        });
    return 0;
  }

  int cuEventQuery(long event) {
    int code = enter("cuEventQuery");
    if (code != 0 || !events.contains(event)) {
      return or(code, INVALID_HANDLE);
    }
    return happened.get(event) ? 0 : NOT_READY;
  }

  int cuEventSynchronize(long event) {
    int code = enter("cuEventSynchronize");
    if (code != 0 || !events.contains(event)) {
      return or(code, INVALID_HANDLE);
    }
    while (!happened.get(event)) {
      pending.remove().run();
    }
    return 0;
  }

  int cuEventElapsedTime(MemorySegment out, long start, long end) {
    int code = enter("cuEventElapsedTime");
    if (code != 0 || !happened.get(start) || !happened.get(end)) {
      return or(code, NOT_READY);
    }
    out.reinterpret(4).set(JAVA_FLOAT, 0, 2.5f);
    return 0;
  }

  int cuEventDestroy_v2(long event) {
    int code = enter("cuEventDestroy");
    return code == 0 && events.remove(event) ? 0 : or(code, INVALID_HANDLE);
  }
}
