package io.foregate.tornado.graph;

import io.foregate.model.AttentionConfig;
import io.foregate.model.LatentConfig;
import io.foregate.model.ModelConfig;

/**
 * Numbers of a token that attention begins with, one kind after the other. With latent attention,
 * the key is the latent and the rotated key behind it, and there is no value.
 *
 * @param query of all query heads
 * @param key of all key heads
 * @param value of all value heads
 */
record InputSizes(int query, int key, int value) {

  static InputSizes of(ModelConfig config) {
    AttentionConfig attention = config.attention();
    if (attention.latent().isPresent()) {
      LatentConfig latent = attention.latent().get();
      return new InputSizes(
          attention.heads() * latent.querySize(), latent.rank() + latent.rotated(), 0);
    }
    return new InputSizes(config.querySize(), config.kvSize(), config.valueSize());
  }

  int sum() {
    return query + key + value;
  }
}
