/**
 * What an architecture <em>is</em>, as data: the facts of a family and the configuration of one
 * model. Nothing here computes; every backend reads these records.
 */
package io.foregate.model;
