package io.foregate.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.model.ModelConfig;
import io.foregate.options.KvType;
import io.foregate.quant.vector.VectorProvider;
import org.junit.jupiter.api.Test;

/** Sizes that depend on the context, each factor of which may be right by itself. */
class AbsurdSizesTest {
  @Test
  void aContextTimesHeadsThatNoArrayHoldsIsTold() {
    ModelConfig narrow = TestModels.attention(1, 1, 2);
    ModelConfig wide = TestModels.attention(65_536, 1, 2);
    var kernels = VectorProvider.get().kernels();
    try (var pool = new WorkerPool(1);
        var small = new KvCache(narrow, 1024, KvType.F16);
        var large = new KvCache(narrow, 32_768, KvType.F16)) {
      var work = new Workspace(narrow, kernels, 1);
      assertThat(new Attention(wide, kernels, pool, work, small)).isNotNull();
      assertThatThrownBy(() -> new Attention(wide, kernels, pool, work, large))
          .isInstanceOfSatisfying(
              ForegateException.class,
              e -> {
                assertThat(e)
                    .hasMessageContainingAll(
                        "65536 heads", "a context of 32768", "buffers of 2,155,872,256 elements");
                assertThat(e.hint()).contains("context");
              });
    }
  }

  /** Bytes beyond a long do not come out as few. */
  @Test
  void aCacheOfAbsurdManyBytesIsTold() {
    ModelConfig wide = TestModels.attention(1 << 20, 1 << 20, 1 << 10);
    for (int capacity : new int[] {1 << 24, Integer.MAX_VALUE}) {
      assertThatThrownBy(() -> new KvCache(wide, capacity, KvType.F32).close())
          .isInstanceOf(ForegateException.class)
          .hasMessageContainingAll("A KV cache of %d positions".formatted(capacity), "MiB");
    }
  }
}
