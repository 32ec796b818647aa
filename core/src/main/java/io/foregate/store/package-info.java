/**
 * The host expert store: one contiguous, aligned record per expert, in the layout that a backend
 * reads best, in memory or in a file beside the model.
 */
package io.foregate.store;
