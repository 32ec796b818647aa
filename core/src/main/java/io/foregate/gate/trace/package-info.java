/**
 * Routing traces: which experts a model chose for every token of a text, and what gates predicted.
 * Recorded once, they let policies be compared without running the model.
 */
package io.foregate.gate.trace;
