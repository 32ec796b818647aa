/** A folder's tokenizer, in its three spellings, as the metadata of a GGUF file. */
package io.foregate.convert.vocabulary;
