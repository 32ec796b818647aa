/**
 * Text to token ids and back, from what a GGUF file says about its vocabulary, and chat templates.
 *
 * <p>{@link io.foregate.tokenizer.Tokenizer} is the way in. The ids equal llama.cpp's, which is the
 * oracle of the tests.
 */
package io.foregate.tokenizer;
