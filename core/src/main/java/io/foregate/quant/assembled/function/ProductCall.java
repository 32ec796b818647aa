package io.foregate.quant.assembled.function;

/**
 * How a product of rows with one to eight tokens is called, which is as System V has it:
 *
 * <pre>
 *   void product(weights, weightsAt, rowBytes, rows, blocks, x, xAt, y, xStride, yStride)
 *                RDI      RSI        RDX       RCX   R8      R9 stack from here on
 * </pre>
 *
 * <p>{@code y[t * yStride / 4 + r]} becomes the product of row {@code r}, which begins at {@code
 * weights + weightsAt + r * rowBytes}, with token {@code t}, whose activations begin at {@code x +
 * xAt + t * xStride}. Offsets and strides are in bytes; rows and blocks are at least one.
 */
public final class ProductCall {
  /** Tokens that one function can take. */
  public static final int MAX_TOKENS = 8;

  // Numbers of the arguments on the stack.
  public static final int X_AT = 0;
  public static final int Y = 1;
  public static final int X_STRIDE = 2;
  public static final int Y_STRIDE = 3;

  private ProductCall() {}
}
