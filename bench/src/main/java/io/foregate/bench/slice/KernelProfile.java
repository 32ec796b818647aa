package io.foregate.bench.slice;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.foregate.bench.measure.Report;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Times of single kernels, from the file that TornadoVM's profiler writes ({@code
 * -Dtornado.profiler.dump.dir=FILE}): one JSON object per execution of a graph, after another.
 *
 * @param graph name of the graph, with the number that it may end with
 * @param task name of the task in the graph
 * @param method {@code Class.method} of the kernel
 * @param nanos of the device, one per execution
 */
record KernelProfile(String graph, String task, String method, List<Long> nanos) {

  /** Of each task, in the order in which they first ran. */
  static List<KernelProfile> read(Path file) throws IOException {
    Map<String, KernelProfile> found = new LinkedHashMap<>();
    try (MappingIterator<JsonNode> executions =
        new ObjectMapper().readerFor(JsonNode.class).readValues(file.toFile())) {
      while (executions.hasNext()) {
        for (Map.Entry<String, JsonNode> graph : executions.next().properties()) {
          for (Map.Entry<String, JsonNode> entry : graph.getValue().properties()) {
            JsonNode time = entry.getValue().path("TASK_KERNEL_TIME");
            if (time.isMissingNode()) {
              continue;
            }
            String task = entry.getKey().substring(entry.getKey().indexOf('.') + 1);
            String method = entry.getValue().path("METHOD").asText();
            found
                .computeIfAbsent(
                    entry.getKey(),
                    _ -> new KernelProfile(graph.getKey(), task, method, new ArrayList<>()))
                .nanos()
                .add(time.asLong());
          }
        }
      }
    }
    return List.copyOf(found.values());
  }

  /** The median over the executions behind the first ones, in which things warm up. */
  double medianNanos(int warmUp) {
    List<Long> timed = nanos.size() > warmUp ? nanos.subList(warmUp, nanos.size()) : nanos;
    return Report.median(timed.stream().mapToDouble(Long::doubleValue));
  }
}
