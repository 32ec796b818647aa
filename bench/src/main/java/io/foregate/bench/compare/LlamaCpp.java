package io.foregate.bench.compare;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.foregate.bench.measure.TimedEngine;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Path;

/**
 * llama.cpp in this process, through its C API (llama.h and ggml.h): a model, a context and a pool
 * of threads, set up as llama-bench does. No other language's binding stands between it and the
 * clock. Used by one thread.
 *
 * <p>Parameter structures are passed as opaque blocks larger than any version's: calling
 * conventions pass such structures in memory, and the library reads and writes only its own part.
 * The one field that is set, the context's size, is recognised by the defaults around it first.
 */
@SuppressWarnings("restricted") // Calling native code is what this class is for.
final class LlamaCpp implements TimedEngine {
  private static final StructLayout PARAMETERS =
      MemoryLayout.structLayout(MemoryLayout.sequenceLayout(64, JAVA_LONG));

  /** {@code llama_batch}: a count and six pointers. */
  private static final StructLayout BATCH =
      MemoryLayout.structLayout(MemoryLayout.sequenceLayout(7, JAVA_LONG));

  /** Defaults of n_ctx, n_batch and n_ubatch, the first fields of {@code llama_context_params}. */
  private static final int[] DEFAULT_SIZES = {512, 2048, 512};

  /** {@code ggml_threadpool_params} has a truth value for each of 512 CPUs, and some fields. */
  private static final long THREAD_POOL_PARAMETERS_BYTES = 1024;

  /** Tokens that llama.cpp takes in one call, its default n_batch. */
  private static final int BATCH_TOKENS = 2048;

  /** The one sequence of a context, as {@code llama_batch_get_one} has it. */
  private static final int SEQUENCE = 0;

  private static final int TO_THE_END = -1;

  private final Arena arena = Arena.ofConfined();
  private final SharedLibraries libraries;
  private final MemorySegment model;
  private final MemorySegment context;
  private final MemorySegment memory;
  private final MemorySegment threadPool;
  private final MemorySegment tokens;
  private final MethodHandle decode;
  private final MethodHandle batchOf;
  private final MethodHandle synchronize;
  private final MemorySegment batchSpace = arena.allocate(BATCH);
  private final SegmentAllocator batchAllocator = (size, alignment) -> batchSpace;
  private int position;

  /**
   * @param folder holds llama.cpp's shared libraries
   * @param file the model
   * @param capacity tokens of the context
   */
  LlamaCpp(Path folder, Path file, int threads, int capacity) throws IOException {
    libraries = new SharedLibraries(folder.toRealPath());
    libraries.load("libggml-base");
    libraries.load("libggml.");
    libraries.load("libllama.");
    silence(libraries);
    // Picks the CPU library that suits this CPU best.
    libraries.call(
        "ggml_backend_load_all_from_path",
        FunctionDescriptor.ofVoid(ADDRESS),
        arena.allocateFrom(folder.toRealPath().toString()));
    libraries.loadMapped("libggml-cpu-");
    model =
        libraries.pointer(
            "llama_model_load_from_file",
            FunctionDescriptor.of(ADDRESS, ADDRESS, PARAMETERS),
            arena.allocateFrom(file.toString()),
            defaults("llama_model_default_params"));
    context = createContext(capacity);
    memory =
        libraries.pointer("llama_get_memory", FunctionDescriptor.of(ADDRESS, ADDRESS), context);
    threadPool = attachThreads(threads);
    tokens = arena.allocate(JAVA_INT, capacity);
    decode = libraries.function("llama_decode", FunctionDescriptor.of(JAVA_INT, ADDRESS, BATCH));
    batchOf =
        libraries.function("llama_batch_get_one", FunctionDescriptor.of(BATCH, ADDRESS, JAVA_INT));
    synchronize = libraries.function("llama_synchronize", FunctionDescriptor.ofVoid(ADDRESS));
  }

  /** The instruction sets that it uses, in its own words. */
  String system() {
    MemorySegment text =
        libraries.pointer("llama_print_system_info", FunctionDescriptor.of(ADDRESS));
    return text.reinterpret(Long.MAX_VALUE).getString(0).strip();
  }

  @Override
  public int position() {
    return position;
  }

  @Override
  public void truncate(int newPosition) {
    if (newPosition > position) {
      throw new IllegalArgumentException(
          "cannot truncate to %d: %d tokens were fed".formatted(newPosition, position));
    }
    boolean removed =
        (boolean)
            libraries.call(
                "llama_memory_seq_rm",
                FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT),
                memory,
                SEQUENCE,
                newPosition,
                TO_THE_END);
    if (!removed) {
      throw new IllegalStateException(
          "llama.cpp cannot cut this model's context back to %d tokens".formatted(newPosition));
    }
    position = newPosition;
  }

  @Override
  public void feed(int[] ids, int from, int to) {
    MemorySegment.copy(ids, from, tokens, JAVA_INT, 0, to - from);
    for (int done = 0; done < to - from; done += BATCH_TOKENS) {
      decode(tokens.asSlice((long) done * Integer.BYTES), Math.min(BATCH_TOKENS, to - from - done));
    }
    position += to - from;
  }

  @Override
  public float[] logits() {
    MemorySegment vocabulary =
        libraries.pointer("llama_model_get_vocab", FunctionDescriptor.of(ADDRESS, ADDRESS), model);
    int size =
        (int)
            libraries.call(
                "llama_vocab_n_tokens", FunctionDescriptor.of(JAVA_INT, ADDRESS), vocabulary);
    return libraries
        .pointer(
            "llama_get_logits_ith", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT), context, -1)
        .reinterpret((long) size * Float.BYTES)
        .toArray(JAVA_FLOAT);
  }

  private void decode(MemorySegment ids, int count) {
    int status;
    try {
      var batch = (MemorySegment) batchOf.invokeExact(batchAllocator, ids, count);
      status = (int) decode.invokeExact(context, batch);
      synchronize.invokeExact(context);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("llama_decode failed", e);
    }
    if (status != 0) {
      throw new IllegalStateException("llama_decode failed with status " + status);
    }
  }

  private MemorySegment createContext(int capacity) {
    MemorySegment parameters = defaults("llama_context_default_params");
    for (int i = 0; i < DEFAULT_SIZES.length; i++) {
      if (parameters.getAtIndex(JAVA_INT, i) != DEFAULT_SIZES[i]) {
        throw new IllegalStateException(
            "this version's llama_context_params differ from what is known here");
      }
    }
    parameters.setAtIndex(JAVA_INT, 0, capacity);
    return libraries.pointer(
        "llama_init_from_model",
        FunctionDescriptor.of(ADDRESS, ADDRESS, PARAMETERS),
        model,
        parameters);
  }

  private MemorySegment attachThreads(int threads) {
    MemorySegment parameters = arena.allocate(THREAD_POOL_PARAMETERS_BYTES, Long.BYTES);
    libraries.call(
        "ggml_threadpool_params_init",
        FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT),
        parameters,
        threads);
    MemorySegment pool =
        libraries.pointer(
            "ggml_threadpool_new", FunctionDescriptor.of(ADDRESS, ADDRESS), parameters);
    libraries.call(
        "llama_set_n_threads",
        FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT),
        context,
        threads,
        threads);
    libraries.call(
        "llama_attach_threadpool",
        FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, ADDRESS),
        context,
        pool,
        MemorySegment.NULL);
    return pool;
  }

  private MemorySegment defaults(String name) {
    return (MemorySegment)
        libraries.call(name, FunctionDescriptor.of(PARAMETERS), (SegmentAllocator) arena);
  }

  /** Without a listener, llama.cpp tells standard error all that it loads. */
  static void silence(SharedLibraries libraries) {
    var type =
        MethodType.methodType(void.class, int.class, MemorySegment.class, MemorySegment.class);
    try {
      MethodHandle listener =
          MethodHandles.lookup().findStatic(LlamaCpp.class, "ignoreMessage", type);
      libraries.call(
          "llama_log_set",
          FunctionDescriptor.ofVoid(ADDRESS, ADDRESS),
          Linker.nativeLinker()
              .upcallStub(
                  listener, FunctionDescriptor.ofVoid(JAVA_INT, ADDRESS, ADDRESS), Arena.global()),
          MemorySegment.NULL);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  @SuppressWarnings("unused") // called by llama.cpp
  private static void ignoreMessage(int level, MemorySegment text, MemorySegment data) {}

  @Override
  public void close() {
    libraries.call("llama_free", FunctionDescriptor.ofVoid(ADDRESS), context);
    libraries.call("ggml_threadpool_free", FunctionDescriptor.ofVoid(ADDRESS), threadPool);
    libraries.call("llama_model_free", FunctionDescriptor.ofVoid(ADDRESS), model);
    arena.close();
  }
}
