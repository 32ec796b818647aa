/**
 * Adds products of weights with tokens to task graphs, in one of several variants: portable kernels
 * that run everywhere, and faster ones for devices with warps or tensor cores. The trials that
 * choose a variant and the graphs of sequences use the same code, so that what was tried is what
 * runs.
 */
package io.foregate.tornado.products;
