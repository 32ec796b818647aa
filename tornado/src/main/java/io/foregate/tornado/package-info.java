/**
 * The TornadoVM backend, as the engine sees it: {@link io.foregate.tornado.TornadoBackend} finds
 * the device, {@link io.foregate.tornado.TornadoModel} holds a model's weights and expert slots on
 * it, and a {@link io.foregate.tornado.TornadoSequence} runs tokens through the model's layers.
 * Beside them are only what the CPU computes for {@code hybrid} and the sum of what a model needs
 * of the device.
 *
 * <p>All else is in rooms below, each of which may use those further down:
 *
 * <pre>
 *   io.foregate.tornado
 *     select     which kernels are taken: small layers in all variants, and the device's trial
 *     graph      the task graphs of a sequence, from embedding to logits, and its buffers
 *     products   how weights are multiplied with tokens: the variants of the kernels
 *     copy       memory that a model's sequences share, and the engines that copy experts there
 *     weights    what a model's weights look like on a device: planes, records, the directory
 *     device     TornadoVM's device, its settings, the thread that it wants, sizes of launches
 *   io.foregate.kernels
 * </pre>
 */
package io.foregate.tornado;
