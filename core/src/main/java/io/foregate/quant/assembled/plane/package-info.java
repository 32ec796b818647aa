/** What weights in planes take: blocks made of them again, and activations in their order. */
package io.foregate.quant.assembled.plane;
