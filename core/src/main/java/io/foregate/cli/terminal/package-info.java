/** The console: what is printed, drawn and read there, how work is told of, and failures. */
package io.foregate.cli.terminal;
