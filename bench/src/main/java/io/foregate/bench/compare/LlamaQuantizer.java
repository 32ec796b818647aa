package io.foregate.bench.compare;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.nio.file.Path;

/**
 * llama.cpp's quantizer through its C API: {@code llama_model_quantize} of llama.h, every matrix in
 * one type ({@code pure}).
 *
 * <p>Of {@code llama_model_quantize_params} only the fields that have stood in front since 2024 are
 * touched, and only after the defaults around them have been recognised: the threads, the file
 * type, two tensor types, then the truth values {@code allow_requantize}, {@code
 * quantize_output_tensor}, {@code only_copy}, {@code pure}.
 */
@SuppressWarnings("restricted") // Calling native code is what this class is for.
final class LlamaQuantizer {
  /** An opaque block, larger than any version's parameters, see {@link LlamaCpp}. */
  private static final StructLayout PARAMETERS =
      MemoryLayout.structLayout(MemoryLayout.sequenceLayout(64, JAVA_LONG));

  private static final long THREADS = 0;
  private static final long FILE_TYPE = 4;
  private static final long OUTPUT_TYPE = 8;
  private static final long EMBEDDING_TYPE = 12;
  private static final long ALLOW_REQUANTIZE = 16;
  private static final long QUANTIZE_OUTPUT = 17;
  private static final long ONLY_COPY = 18;
  private static final long PURE = 19;

  private final SharedLibraries libraries;

  /**
   * @param folder holds llama.cpp's shared libraries
   */
  LlamaQuantizer(Path folder) throws IOException {
    libraries = new SharedLibraries(folder.toRealPath());
    libraries.load("libggml-base");
    libraries.load("libggml.");
    libraries.load("libllama.");
    LlamaCpp.silence(libraries);
  }

  /**
   * Writes {@code out}.
   *
   * @param fileType of {@code enum llama_ftype}
   * @throws IllegalStateException if llama.cpp reports a failure, or its parameters are not as
   *     known
   */
  void quantize(Path in, Path out, int fileType, int threads) {
    try (Arena arena = Arena.ofConfined()) {
      var parameters =
          (MemorySegment)
              libraries.call(
                  "llama_model_quantize_default_params",
                  FunctionDescriptor.of(PARAMETERS),
                  (SegmentAllocator) arena);
      requireKnown(parameters);
      parameters.set(JAVA_INT, THREADS, threads);
      parameters.set(JAVA_INT, FILE_TYPE, fileType);
      parameters.set(JAVA_BYTE, ALLOW_REQUANTIZE, (byte) 1);
      parameters.set(JAVA_BYTE, PURE, (byte) 1);
      int status =
          (int)
              libraries.call(
                  "llama_model_quantize",
                  FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS),
                  arena.allocateFrom(in.toString()),
                  arena.allocateFrom(out.toString()),
                  parameters);
      if (status != 0) {
        throw new IllegalStateException("llama_model_quantize failed with status " + status);
      }
    }
  }

  /** No thread count, no tensor types (both ggml's number of types), and of four truths one. */
  private static void requireKnown(MemorySegment parameters) {
    int noType = parameters.get(JAVA_INT, OUTPUT_TYPE);
    boolean known =
        parameters.get(JAVA_INT, THREADS) == 0
            && noType > 30
            && noType < 100
            && parameters.get(JAVA_INT, EMBEDDING_TYPE) == noType
            && parameters.get(JAVA_BYTE, ALLOW_REQUANTIZE) == 0
            && parameters.get(JAVA_BYTE, QUANTIZE_OUTPUT) == 1
            && parameters.get(JAVA_BYTE, ONLY_COPY) == 0
            && parameters.get(JAVA_BYTE, PURE) == 0;
    if (!known) {
      throw new IllegalStateException(
          "this version's llama_model_quantize_params differ from what is known here");
    }
  }
}
