/** Decoding with experts that do not all fit, policy against policy. */
package io.foregate.bench.offload;
