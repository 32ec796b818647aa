/**
 * Measures Foregate. From the lowest package up, each of which may use those before it: {@code
 * measure}, {@code slice}, {@code offload}, {@code compare}, {@code jmh}; here is only what lists
 * all results.
 */
package io.foregate.bench;
