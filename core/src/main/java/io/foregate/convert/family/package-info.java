/**
 * What each family calls its tensors and settings, as data: {@link
 * io.foregate.convert.family.HfFamilies} is the table, its rules are applied to any folder.
 */
package io.foregate.convert.family;
