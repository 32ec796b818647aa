/**
 * Which experts will be needed: lookahead gates, the predictors that they are compared with, and
 * their training. Nothing here runs a model; the engine hands over what the model did.
 */
package io.foregate.gate;
