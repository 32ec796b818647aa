/**
 * TornadoVM itself: the device that it found, the system properties that it must start with, the
 * one thread that each of its plans wants, and the sizes of launches. The lowest room: it knows
 * nothing of models.
 */
package io.foregate.tornado.device;
