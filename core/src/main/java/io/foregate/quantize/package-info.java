/**
 * Models written anew: with some of their tensors in other types, in shards, or their shards
 * joined. Public API; begin with {@link io.foregate.quantize.Quantization} and {@link
 * io.foregate.quantize.ShardMerge}.
 */
package io.foregate.quantize;
