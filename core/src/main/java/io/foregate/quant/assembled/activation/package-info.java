/** How activations lie in memory for products, and the functions that store them so. */
package io.foregate.quant.assembled.activation;
