/**
 * A model's configuration and weights from its GGUF file. Every tensor has to mean something, and
 * every size is checked before something is allocated by it.
 */
package io.foregate.model.reader;
