/**
 * What an architecture <em>is</em>, as data: the facts of a family, the configuration and the
 * weights of one model, read from its GGUF file. Nothing here computes; every backend reads these
 * records.
 */
package io.foregate.model;
