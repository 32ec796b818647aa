/**
 * Microbenchmarks (JMH) of kernels, quantization, decoding and scheduling, and the reports on them.
 */
package io.foregate.bench.jmh;
