/** Results for people: what is inspected, quantized, timed and generated. */
package io.foregate.cli.output;
