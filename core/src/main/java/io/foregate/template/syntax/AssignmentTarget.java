package io.foregate.template.syntax;

import java.util.List;

/** What can be assigned to. */
public sealed interface AssignmentTarget {
  /** A variable. */
  record Variable(String name) implements AssignmentTarget {}

  /** An attribute of a namespace. */
  record Member(String name, String attribute) implements AssignmentTarget {}

  /** Several, for the items of one value. */
  record Several(List<AssignmentTarget> targets) implements AssignmentTarget {}
}
