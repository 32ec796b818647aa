/**
 * The language of chat templates: Jinja2's, read and run by Foregate itself over a closed set of
 * values, with every step and byte counted.
 */
package io.foregate.template;
