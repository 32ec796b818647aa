/**
 * Reading and writing of GGUF files, the model format of ggml and llama.cpp.
 *
 * <p>A GGUF file is a header, a list of typed metadata values, a list of tensor infos (name, shape,
 * block type, offset) and, from the next multiple of {@code general.alignment} on, the tensors'
 * bytes. {@link io.foregate.gguf.GgufFile} maps the whole file once and hands out read-only slices
 * of that mapping, so that weights never pass through the heap; {@link io.foregate.gguf.GgufWriter}
 * writes one tensor after the other. A model may be in several such files, its shards: both know
 * them, and nobody else does.
 *
 * <p>Nothing that a file says is believed: every count, length, offset and type is compared with
 * the bytes that are there before it is used, and what does not fit is reported as a {@link
 * io.foregate.gguf.GgufException} with the place in the file.
 *
 * <p>Source of the format: {@code docs/gguf.md} and {@code include/gguf.h} of
 * https://github.com/ggml-org/ggml; the block types are those of {@code include/ggml.h}.
 */
package io.foregate.gguf;
