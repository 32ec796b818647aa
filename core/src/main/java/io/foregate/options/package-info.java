/**
 * What a user can choose, as values. The API, the engine and the command line use the same ones: a
 * text is parsed where it is read, and a default stands in the type that it belongs to.
 *
 * <p>Part of the public API, and below everything else: it knows no model and no device.
 */
package io.foregate.options;
