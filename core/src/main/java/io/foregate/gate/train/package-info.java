/** Trains lookahead gates on what a model did, and tells how good predictors are. */
package io.foregate.gate.train;
