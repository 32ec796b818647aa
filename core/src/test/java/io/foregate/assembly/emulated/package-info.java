/**
 * An emulator of the x86-64 instructions that {@link io.foregate.assembly.Assembler} writes: so
 * that code for processors that are not here is run by tests, too.
 *
 * <p>It decodes bytes and knows nothing of the assembler: {@link
 * io.foregate.assembly.emulated.VectorTable} is written after the manual's opcode columns, {@link
 * io.foregate.assembly.emulated.Decoder} refuses what a processor would, and what it does not know
 * is an error with the bytes. Memory is reached inside of what a test has given, so that an
 * emulated function's bounds are checked at every access. What a caller may rely on is checked when
 * a function returns: the stack, the registers that are the caller's, and clean upper halves.
 *
 * <p>Its instructions are held to the processor itself where that has them, bit for bit.
 */
package io.foregate.assembly.emulated;
