/**
 * Kernels: static methods that TornadoVM compiles for a device at run time.
 *
 * <p>All of them are work-group kernels on {@link uk.ac.manchester.tornado.api.KernelContext}, and
 * all but {@link io.foregate.kernels.Warps}, {@link io.foregate.kernels.Int8Warps} and {@link
 * io.foregate.kernels.MmaTiles} are portable: they reduce in local memory, and use neither f16
 * types, shuffles nor tensor cores; a group of any power of two of threads computes the same thing,
 * so a group of one thread is how the same method runs as plain Java, which tests do.
 *
 * <p>No kernel joins conditions with {@code &&} or {@code ||}, or nests ifs to the same end:
 * TornadoVM 5.2 compiled {@code a > b || (a == b && i < j)} to something else, without an error.
 *
 * <p>Scalar parameters become constants when a task is compiled: of a {@code switch} over the type
 * of weights, one branch is left. What changes from launch to launch comes in small arrays, called
 * {@code args}, see {@link io.foregate.kernels.LaunchArgs}.
 *
 * <p>More than 25 files: kernels and the helpers that TornadoVM inlines into them are one language,
 * and helpers stay package-private so that no host code calls them.
 */
package io.foregate.kernels;
