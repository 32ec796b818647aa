/** Runs templates: statements and expressions, filters, tests, methods and functions. */
package io.foregate.template.eval;
