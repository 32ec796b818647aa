/** How many experts fit a device: the one rule, for all that ask. */
package io.foregate.placement;
