/**
 * Machine code written by Java: a small x86-64 assembler, memory that runs what it wrote, and what
 * the CPU can do. No native library takes part; everything goes through {@code java.lang.foreign}.
 *
 * <p>Instructions are named and encoded after Intel's Software Developer's Manual, volume 2.
 */
package io.foregate.assembly;
