// What the oracle scripts share: llama.cpp opened as the plain reference, and a strict command line.

import {readFile} from "node:fs/promises";
import {parseArgs} from "node:util";

// Read when node-llama-cpp is imported; the oracle must never build or fetch another llama.cpp.
process.env.NODE_LLAMA_CPP_SKIP_DOWNLOAD = "true";
const {getLlama, LlamaLogLevel} = await import("node-llama-cpp");

/** A mistake on the command line: exit code 2, the sentence alone. */
export class UsageError extends Error {}

/** Runs a script's main function and turns what it throws into one sentence and an exit code (2 usage, 1 failure). */
export async function runMain(usage, main) {
  try {
    await main();
    process.exitCode = 0;
  } catch (error) {
    const badUsage = error instanceof UsageError || error.code?.startsWith("ERR_PARSE_ARGS");
    process.stderr.write(`${error.message}\n${badUsage ? `usage: ${usage}\n` : ""}`);
    process.exitCode = badUsage ? 2 : 1;
  }
}

/** Parses the command line: exactly one positional argument and the given options. */
export function parseCommandLine(options) {
  const {values, positionals} = parseArgs({options, allowPositionals: true});
  if (positionals.length !== 1) {
    throw new UsageError(`expected one file or folder, found ${positionals.length}`);
  }
  return {...values, positional: positionals[0]};
}

/** A whole number of at least `least`, from a command-line option. */
export function parseCount(name, text, least) {
  if (!/^\d+$/.test(text) || Number(text) < least) {
    throw new UsageError(`--${name}: expected a whole number of at least ${least}, found "${text}"`);
  }
  return Number(text);
}

/** Token ids separated by commas or white space. */
export function parseTokens(text) {
  const tokens = text.split(/[\s,]+/).filter((part) => part !== "");
  if (tokens.length === 0) {
    throw new UsageError("--tokens: expected at least one token id");
  }
  return tokens.map((token) => parseCount("tokens", token, 0));
}

/** Opens llama.cpp's CPU backend, calls `use(llama)`, and frees it. */
export async function withLlama({threads = 1}, use) {
  const llama = await getLlama({
    build: "never",
    gpu: false,
    skipDownload: true,
    progressLogs: false,
    maxThreads: threads,
    logLevel: LlamaLogLevel.error,
  });
  try {
    return await use(llama);
  } finally {
    await llama.dispose();
  }
}

/** Which llama.cpp this is. */
export async function describeLlama(llama) {
  const file = new URL("package-lock.json", import.meta.url);
  const version = JSON.parse(await readFile(file, "utf8")).packages["node_modules/node-llama-cpp"].version;
  return `llama.cpp ${llama.llamaCppRelease.release} of node-llama-cpp ${version}`;
}

/** Opens llama.cpp and one model, calls `use(model)`, and frees both. */
export async function withModel(modelPath, options, use) {
  return await withLlama(options, (llama) => withLoadedModel(llama, modelPath, options, use));
}

/** Loads a model, calls `use(model)`, and frees it. */
export async function withLoadedModel(llama, modelPath, {vocabOnly = false}, use) {
  const model = await llama.loadModel({modelPath, gpuLayers: 0, vocabOnly, ignoreMemorySafetyChecks: true});
  try {
    return await use(model);
  } finally {
    await model.dispose();
  }
}

/**
 * A context that computes as plainly as llama.cpp can: keys and values kept as computed (its default rounds them to F16),
 * attention as matrix product, softmax, matrix product (flash attention rounds differently), the whole input in one batch.
 */
export async function createReferenceContext(model, length, {threads = 1, kvType = "F32", flashAttention = false} = {}) {
  const contextSize = Math.max(256, length + 1);
  return await model.createContext({
    sequences: 1,
    contextSize,
    batchSize: contextSize,
    threads: {ideal: threads, min: threads},
    flashAttention,
    experimentalKvCacheKeyType: kvType,
    experimentalKvCacheValueType: kvType,
    ignoreMemorySafetyChecks: true,
    failedCreationRemedy: false,
  });
}

/** The `top` most probable entries of a map from token id to logit. */
export function mostProbable(logits, top) {
  const entries = [...logits].sort(([idA, a], [idB, b]) => b - a || idA - idB);
  const highest = entries[0][1];
  const sum = entries.reduce((total, [, logit]) => total + Math.exp(logit - highest), 0);
  return entries.slice(0, top).map(([id, logit]) => ({id, p: Number((Math.exp(logit - highest) / sum).toPrecision(7))}));
}

/** The next-token probabilities after each of the tokens, which go to llama.cpp in one batch. */
export async function evaluate(sequence, tokens, top) {
  const outputs = await sequence.controlledEvaluate(
    tokens.map((token) => [token, {generateNext: {logits: true}}]),
  );
  return outputs.map((output, i) => ({token: tokens[i], next: mostProbable(output.next.logits, top)}));
}
