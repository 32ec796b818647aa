/**
 * Which experts will be needed: lookahead gates, and the predictors that they are compared with.
 * Nothing here runs a model; the engine hands over what the model did.
 */
package io.foregate.gate;
