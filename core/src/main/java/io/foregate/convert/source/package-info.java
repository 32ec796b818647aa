/**
 * What a Hugging Face folder holds: its settings, with what its class fills in, and its tensors.
 */
package io.foregate.convert.source;
