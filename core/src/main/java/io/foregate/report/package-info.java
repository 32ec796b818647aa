/**
 * What results are written with: JSON, tables of text, sizes, whole text files. Internal; it knows
 * nothing of what is reported.
 */
package io.foregate.report;
