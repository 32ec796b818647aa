package io.foregate.tokenizer;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.InterpreterFactory;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;

/**
 * Jinjava's interpreter, printing values as Python does. Its own way also takes the quotes off a
 * message that is quoted.
 */
final class PythonInterpreter extends JinjavaInterpreter {
  private PythonInterpreter(JinjavaInterpreter original) {
    super(original);
  }

  private PythonInterpreter(Jinjava jinjava, Context context, JinjavaConfig config) {
    super(jinjava, context, config);
  }

  @Override
  public String getAsString(Object value) {
    return PythonText.of(value);
  }

  /** Makes these interpreters. Stateless. */
  static final class Factory implements InterpreterFactory {
    @Override
    public JinjavaInterpreter newInstance(JinjavaInterpreter original) {
      return new PythonInterpreter(original);
    }

    @Override
    public JinjavaInterpreter newInstance(Jinjava jinjava, Context context, JinjavaConfig config) {
      return new PythonInterpreter(jinjava, context, config);
    }
  }
}
