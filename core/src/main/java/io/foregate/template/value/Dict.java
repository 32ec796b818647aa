package io.foregate.template.value;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A dictionary in the order of insertion; keys that Python calls equal are one key. */
public final class Dict implements Value {
  private static final int ENTRY_BYTES = 112;

  /** A key as it was written, and its value. */
  public record Entry(Value key, Value value) {}

  private final Map<Object, Entry> entries = new LinkedHashMap<>();

  /** Adds or replaces, while the dictionary is made. */
  public Dict put(Value key, Value value, Budget budget) {
    budget.bytes(ENTRY_BYTES);
    return putKey(Keys.of(key, budget), key, value);
  }

  /** As {@link #put} for data from outside, which no budget counts. */
  Dict putText(String key, Value value) {
    return putKey(key, Str.of(key), value);
  }

  private Dict putKey(Object id, Value key, Value value) {
    Entry old = entries.get(id);
    entries.put(id, new Entry(old == null ? key : old.key(), value));
    return this;
  }

  /** The value of a key, or null. */
  public Value get(Value key, Budget budget) {
    Entry entry = entries.get(Keys.of(key, budget));
    return entry == null ? null : entry.value();
  }

  /** The value of a text as key, or null. */
  public Value get(String key) {
    Entry entry = entries.get(key);
    return entry == null ? null : entry.value();
  }

  public int size() {
    return entries.size();
  }

  /** Its entries in order. */
  public Iterable<Entry> entries() {
    return entries.values();
  }

  /** Its keys in order. */
  public List<Value> keys(Budget budget) {
    budget.list(entries.size());
    var keys = new ArrayList<Value>(entries.size());
    entries.values().forEach(entry -> keys.add(entry.key()));
    return keys;
  }

  @Override
  public String typeName() {
    return "dict";
  }

  @Override
  public boolean truth() {
    return !entries.isEmpty();
  }
}
