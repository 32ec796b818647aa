/** Microbenchmarks of the kernels and the forward pass (JMH), and the comparison with llama.cpp. */
package io.foregate.bench;
