/**
 * Hugging Face folders into GGUF files: the tables of {@code convert.family} applied to what {@code
 * convert.source} and {@code convert.vocabulary} read. Every tensor is a strided view of its
 * sources, written row by row.
 */
package io.foregate.convert;
