/**
 * The {@code foregate} command: one small class per subcommand, on picocli, which parses its flags,
 * has the work done elsewhere, and prints. From the lowest package up, each of which may use those
 * before it: {@code terminal}, {@code flag}, {@code output}, {@code chat}; commands use them all.
 *
 * <p>Results go to standard output as UTF-8, everything else to standard error. Exit codes: 0 for
 * success, 1 for a failure, 2 for bad usage, 130 when interrupted. Nothing depends on this package.
 */
package io.foregate.cli;
