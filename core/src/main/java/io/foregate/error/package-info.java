/** What goes wrong by no fault of Foregate's: a sentence, and a hint what to do. */
package io.foregate.error;
