/**
 * What a scheduler knows, and keeps account of: where each expert is, how it was used and how
 * likely it is to be used, what is due, on its way or has failed, and what things take. Nothing is
 * decided here.
 */
package io.foregate.schedule.state;
