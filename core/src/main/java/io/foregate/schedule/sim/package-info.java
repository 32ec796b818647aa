/**
 * What offloading would cost on a machine that is not here: a recorded trace replayed in virtual
 * time, by the same scheduler that runs for real.
 */
package io.foregate.schedule.sim;
