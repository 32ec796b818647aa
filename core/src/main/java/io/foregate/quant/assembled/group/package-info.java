/**
 * Products of types with 32 weights to a block: lanes are rows, which come in groups. {@link
 * io.foregate.quant.assembled.group.GroupFrame} has the loops.
 */
package io.foregate.quant.assembled.group;
