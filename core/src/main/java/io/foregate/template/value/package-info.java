/**
 * What a template can hold: a closed set of types, how Python prints them, hashes them and goes
 * through their items, and the budget that counts what all of it takes.
 */
package io.foregate.template.value;
