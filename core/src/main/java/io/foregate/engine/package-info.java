/**
 * A model at work: the forward pass over the {@link io.foregate.backend.Backend} seam, sessions,
 * sampling and generation.
 */
package io.foregate.engine;
