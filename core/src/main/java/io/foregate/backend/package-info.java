/**
 * The compute seam: what the engine asks of a device. {@code backend.cpu} is the default
 * implementation; others are found by {@link java.util.ServiceLoader}.
 */
package io.foregate.backend;
