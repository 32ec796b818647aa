/** A conversation on a terminal: the line editor and its history, orders, the talk itself. */
package io.foregate.cli.chat;
