/** The headers of safetensors files, checked: where every tensor lies, and of what type it is. */
package io.foregate.safetensors;
