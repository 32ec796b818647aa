/**
 * The TornadoVM backend: task graphs over the kernels of {@code io.foregate.kernels}, weights and
 * expert slots in device memory, and copies that run beside kernels.
 */
package io.foregate.tornado;
