package io.foregate.tornado.weights;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The weights that every token needs, as they lie on a device.
 *
 * @param weights words of matrices in {@link io.foregate.kernels.Planes}
 * @param floats norms, and matrices without planes
 * @param directory where each of them is, see {@link io.foregate.kernels.Directory}
 */
public record DenseArrays(IntArray weights, FloatArray floats, IntArray directory) {}
