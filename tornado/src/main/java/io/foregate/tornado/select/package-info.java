/**
 * Chooses, by trying: a device is tried with a few products whose results are known, the kernels'
 * variants with a small layer of each kind that the model has. What is fastest and agrees with the
 * portable kernels on the device at hand is taken, and the log says why the others were not.
 */
package io.foregate.tornado.select;
