/**
 * The public API: open a model, generate text, chat, close. Everything in the packages below this
 * one is internal and may change from one release to the next, except {@link
 * io.foregate.error.ForegateException}, which every method here may throw.
 */
package io.foregate;
