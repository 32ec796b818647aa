/** Foregate and llama.cpp in one process, in turns. */
package io.foregate.bench.compare;
