/**
 * What is learnt of a model by letting it read texts: traces of its routing, how much each input
 * matters, lookahead gates and how often they are right. Each takes an open {@link
 * io.foregate.engine.Engine} and a listener, and prints nothing.
 */
package io.foregate.calibrate;
