/**
 * What a model's weights look like on a device. Matrices are sorted into planes of 32-bit words; an
 * expert's three matrices make a record; what every token needs lies in two arrays, and a directory
 * tells kernels where each part of each layer is. The facts that a layer's kernels are compiled for
 * (types, sizes, biases, windows) are read off here, too.
 */
package io.foregate.tornado.weights;
