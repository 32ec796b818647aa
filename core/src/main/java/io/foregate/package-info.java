/**
 * The public API: open a model, generate text, chat, close; what can be chosen is in {@link
 * io.foregate.options}. A file is looked at with {@link io.foregate.inspect} and quantized with
 * {@link io.foregate.quantize}; {@link io.foregate.work} tells how long work goes on. Everything
 * else in the packages below this one is internal and may change from one release to the next,
 * except {@link io.foregate.error.ForegateException}, which every method here may throw.
 */
package io.foregate;
