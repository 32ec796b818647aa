/** How long commands take from their start to their end, as processes of their own. */
package io.foregate.bench.startup;
