/**
 * Which experts are in device memory, which are on their way, and which go: the expert cache, the
 * speculative scheduler and the policies. {@link io.foregate.schedule.Scheduler} decides, without
 * threads or clocks; {@link io.foregate.schedule.ExpertPlan} gives it real ones, the simulator
 * virtual time.
 */
package io.foregate.schedule;
