/** Some layers of a large model on a device, step by step; and the report on a device. */
package io.foregate.bench.slice;
