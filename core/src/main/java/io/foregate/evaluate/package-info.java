/**
 * How good and how fast a model is: perplexity, divergence from another model, next tokens, speed.
 * Each takes an open {@link io.foregate.engine.Engine} and a listener, and prints nothing.
 */
package io.foregate.evaluate;
