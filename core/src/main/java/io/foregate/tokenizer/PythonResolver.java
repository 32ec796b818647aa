package io.foregate.tokenizer;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import com.hubspot.jinjava.lib.filter.Filter;
import com.hubspot.jinjava.util.ForLoop;
import java.beans.FeatureDescriptor;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELResolver;

/**
 * All that an expression of a chat template can reach: entries of maps, elements of lists, the
 * {@code loop} variable, Jinjava's filters and tests, and {@link PythonMethods}. Nothing is looked
 * up by reflection, so no Java class, method or bean property can be named. Stateless.
 */
final class PythonResolver extends ELResolver {
  @Override
  public Object getValue(ELContext context, Object base, Object property) {
    context.setPropertyResolved(true);
    return switch (base) {
      case Map<?, ?> map -> map.get(property.toString());
      case List<?> list -> element(list, property);
      case String text -> character(text, property);
      case ForLoop loop -> loopProperty(loop, property.toString());
      case null, default -> null;
    };
  }

  private static Object element(List<?> list, Object property) {
    int index = index(property, list.size());
    return index < 0 ? null : list.get(index);
  }

  private static Object character(String text, Object property) {
    int index = index(property, text.length());
    return index < 0 ? null : text.substring(index, index + 1);
  }

  /** A Python index, negative ones counting from the end; -1 if it is none. */
  private static int index(Object property, int size) {
    try {
      int index = Integer.parseInt(property.toString());
      int positive = index < 0 ? index + size : index;
      return positive < size ? Math.max(-1, positive) : -1;
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  private static Object loopProperty(ForLoop loop, String name) {
    return switch (name) {
      case "index" -> loop.getIndex();
      case "index0" -> loop.getIndex0();
      case "revindex" -> loop.getRevindex();
      case "revindex0" -> loop.getRevindex0();
      case "first" -> loop.isFirst();
      case "last" -> loop.isLast();
      case "length" -> loop.getLength();
      default -> null;
    };
  }

  @Override
  public Object invoke(
      ELContext context, Object base, Object method, Class<?>[] types, Object[] parameters) {
    context.setPropertyResolved(true);
    String name = method.toString();
    return switch (base) {
      case Filter filter when name.equals("filter") -> filter(filter, parameters);
      case ExpTest test -> test(test, name, parameters);
      case null, default -> PythonMethods.call(base, name, Arrays.asList(parameters));
    };
  }

  /** Jinjava hands over value, interpreter, positional arguments, named arguments. */
  @SuppressWarnings("unchecked")
  private static Object filter(Filter filter, Object[] parameters) {
    return filter.filter(
        parameters[0],
        (JinjavaInterpreter) parameters[1],
        (Object[]) parameters[2],
        (Map<String, Object>) parameters[3]);
  }

  /** Jinjava hands over value, interpreter, and the test's arguments. */
  private static Object test(ExpTest test, String name, Object[] parameters) {
    Object[] arguments = Arrays.copyOfRange(parameters, 2, parameters.length);
    var interpreter = (JinjavaInterpreter) parameters[1];
    return switch (name) {
      case "evaluate" -> test.evaluate(parameters[0], interpreter, arguments);
      case "evaluateNegated" -> test.evaluateNegated(parameters[0], interpreter, arguments);
      default -> null;
    };
  }

  @Override
  public Class<?> getType(ELContext context, Object base, Object property) {
    return Object.class;
  }

  @Override
  public void setValue(ELContext context, Object base, Object property, Object value) {
    throw new UnsupportedOperationException("a template's data is read-only");
  }

  @Override
  public boolean isReadOnly(ELContext context, Object base, Object property) {
    return true;
  }

  @Override
  public Iterator<FeatureDescriptor> getFeatureDescriptors(ELContext context, Object base) {
    return Collections.emptyIterator();
  }

  @Override
  public Class<?> getCommonPropertyType(ELContext context, Object base) {
    return Object.class;
  }
}
