#!/usr/bin/env node
// llama.cpp's next-token probabilities after each of the given tokens, in the schema of `foregate eval --json`.
// The tokens are evaluated as given: no BOS is added. Probabilities are the softmax, in double precision, of the logits of the
// whole vocabulary: no temperature, no sampler.

import path from "node:path";
import {createReferenceContext, evaluate, parseCommandLine, parseCount, parseTokens, runMain, withModel} from "./llama.mjs";

const USAGE = "llama-eval.mjs MODEL --tokens 1,5,7 [--top 16] [--threads 1] [--kv F32|F16] [--one-by-one] --json";

await runMain(USAGE, async () => {
  const options = parseCommandLine({
    tokens: {type: "string", default: ""},
    top: {type: "string", default: "16"},
    threads: {type: "string", default: "1"},
    kv: {type: "string", default: "F32"},
    "one-by-one": {type: "boolean", default: false},
    json: {type: "boolean", default: false},
  });
  const tokens = parseTokens(options.tokens);
  const top = parseCount("top", options.top, 1);
  const threads = parseCount("threads", options.threads, 1);

  const positions = await withModel(options.positional, {threads}, async (model) => {
    const vocabulary = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
    const unknown = tokens.find((token) => token >= vocabulary);
    if (unknown !== undefined) {
      throw new Error(`token ${unknown} is not in the vocabulary of ${options.positional}: expected ids below ${vocabulary}`);
    }
    const context = await createReferenceContext(model, tokens.length, {threads, kvType: options.kv});
    const sequence = context.getSequence();
    const groups = options["one-by-one"] ? tokens.map((token) => [token]) : [tokens];
    const results = [];
    for (const group of groups) {
      results.push(...await evaluate(sequence, group, top));
    }
    return results;
  });
  process.stdout.write(`${JSON.stringify({model: path.basename(options.positional), positions})}\n`);
});
