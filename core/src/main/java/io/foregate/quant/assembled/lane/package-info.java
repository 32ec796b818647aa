/**
 * Products of types with 256 weights to a block: lanes are sub-blocks of a row. {@link
 * io.foregate.quant.assembled.lane.ProductFrame} has the loops, and the rest follows from the
 * format's table.
 */
package io.foregate.quant.assembled.lane;
