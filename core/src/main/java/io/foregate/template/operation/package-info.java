/**
 * What Python does with values: operators and comparisons, formats, JSON, and what the methods of
 * texts and numbers come to. It knows values only, not the language that asks for them.
 */
package io.foregate.template.operation;
