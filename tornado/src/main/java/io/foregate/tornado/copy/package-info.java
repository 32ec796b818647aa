/**
 * Memory that all sequences of a model share on the device, and copies into it. The dense weights
 * are brought there once; experts come and go in slots of a pool. A copy engine (TornadoVM's own
 * transfers, the driver's writes, or CUDA's copies from page-locked memory) writes a slot while
 * kernels run, on a thread and a queue of its own.
 */
package io.foregate.tornado.copy;
