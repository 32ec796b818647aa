/**
 * What policies would make of a recorded trace on machines that are not here, all cells of a
 * comparison at once, and the report on it. {@code schedule.sim} simulates one.
 */
package io.foregate.simulate;
