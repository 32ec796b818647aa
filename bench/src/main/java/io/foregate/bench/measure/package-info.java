/**
 * What all measurements share: workloads, results as JSON Lines, speed-ups, made-up models,
 * replays.
 */
package io.foregate.bench.measure;
