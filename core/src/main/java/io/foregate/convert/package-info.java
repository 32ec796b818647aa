/**
 * Hugging Face folders into GGUF files. What each family calls its tensors and settings is data
 * ({@link io.foregate.convert.HfFamilies}); every tensor is a strided view of its sources, written
 * row by row.
 */
package io.foregate.convert;
