/**
 * What experts' records look like, on the way from the model's file to a device: which layers have
 * some, and in which layout.
 */
package io.foregate.store.layout;
