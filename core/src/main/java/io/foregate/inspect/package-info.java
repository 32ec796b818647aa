/**
 * What a GGUF file holds, and what of it fits a device. Public API; begin with {@link
 * io.foregate.inspect.ModelFile}.
 */
package io.foregate.inspect;
