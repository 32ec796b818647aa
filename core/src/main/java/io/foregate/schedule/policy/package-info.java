/**
 * Policies, and the parts that they are made of, each a small interface whose rules can be read one
 * at a time: {@link io.foregate.schedule.policy.Eviction}, who goes; {@link
 * io.foregate.schedule.policy.Prefetch}, what is copied before it is needed; {@link
 * io.foregate.schedule.policy.SlotDivision}, what the slots are divided into.
 */
package io.foregate.schedule.policy;
