/** Reads templates: characters to tokens to records. */
package io.foregate.template.syntax;
