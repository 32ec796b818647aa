/**
 * Models written anew with some of their tensors in other types. Public API; begin with {@link
 * io.foregate.quantize.Quantization}.
 */
package io.foregate.quantize;
