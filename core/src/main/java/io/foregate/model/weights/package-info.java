/** The weights of one model: views of its file, layer by layer. */
package io.foregate.model.weights;
