/**
 * Sees to it that a layer's chosen experts run: all at once where they are resident, else wave by
 * wave as they come. With the wiring of what brings them, and records of how it went.
 */
package io.foregate.engine.experts;
