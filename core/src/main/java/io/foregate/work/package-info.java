/** How long work tells of itself. Public API: those who start it implement the listener. */
package io.foregate.work;
