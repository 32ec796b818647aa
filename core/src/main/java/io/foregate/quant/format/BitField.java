package io.foregate.quant.format;

/**
 * Some neighbouring bits of an integer, and where in a block they stand.
 *
 * @param place of the first: bit {@code place & 7} of byte {@code place >> 3}
 * @param width how many they are
 * @param to the integer's bit that the first is
 */
public record BitField(int place, int width, int to) {}
