/** Line charts as SVG, for reports. Depends on nothing. */
package io.foregate.plot;
