/**
 * What is the same for every file that is read or written, whatever is in it: {@link
 * io.foregate.files.InputFile} opens, {@link io.foregate.files.PartFile} writes, {@link
 * io.foregate.files.PartSet} several at once, {@link io.foregate.files.Target} says what may be
 * written over, {@link io.foregate.files.Claim} keeps others from a file meanwhile, {@link
 * io.foregate.files.FileKind} names what a file is, {@link io.foregate.files.MappedFault} tells of
 * files that were cut, and {@link io.foregate.files.SharedMemory} ends mapped memory that others
 * may be reading.
 */
package io.foregate.files;
