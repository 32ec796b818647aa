/** Options that commands share, and what is looked over in a command line before it runs. */
package io.foregate.cli.flag;
