/**
 * What all functions are written with: the instruction set, registers, constants, how they are
 * called, and where they live once they are written.
 */
package io.foregate.quant.assembled.function;
