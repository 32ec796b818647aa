#!/usr/bin/env node
// What llama.cpp makes of every NAME.gguf of a folder that has its tokens beside it in NAME.tokens: a line of JSON for each, in order
// of names. {"case", "outcome": "loads", "positions"}, or "refuses" with its message, or "aborts" where it ended the process,
// or took longer than anything that ends. A child process does the work, and a new one goes on where one has died.

import {spawn} from "node:child_process";
import {readFile, readdir} from "node:fs/promises";
import path from "node:path";
import {createInterface} from "node:readline";
import {fileURLToPath} from "node:url";
import {createReferenceContext, describeLlama, mostProbable, parseCommandLine, parseTokens, runMain, withLlama, withLoadedModel} from "./llama.mjs";

const USAGE = "llama-keys.mjs FOLDER [--from NUMBER]";
const TOP = 8;
const LONGEST_MS = 60_000;
// Within all windows and first contexts, and past them.
const POSITIONS = [8, 39];

async function casesOf(folder) {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".tokens")).map((name) => name.slice(0, -".tokens".length));
  return names.sort();
}

async function answer(llama, folder, name) {
  const tokens = parseTokens(await readFile(path.join(folder, `${name}.tokens`), "utf8"));
  try {
    return await withLoadedModel(llama, path.join(folder, `${name}.gguf`), {}, async (model) => {
      const context = await createReferenceContext(model, tokens.length);
      return {case: name, outcome: "loads", positions: await evaluateAt(context.getSequence(), tokens)};
    });
  } catch (error) {
    return {case: name, outcome: "refuses", message: error.message};
  }
}

async function evaluateAt(sequence, tokens) {
  const outputs = await sequence.controlledEvaluate(
    tokens.map((token, i) => POSITIONS.includes(i) ? [token, {generateNext: {logits: true}}] : token),
  );
  return POSITIONS.map((position) => mostProbable(outputs[position].next.logits, TOP));
}

async function work(folder, from) {
  const names = await casesOf(folder);
  await withLlama({}, async (llama) => {
    if (from === 0) {
      process.stdout.write(`${JSON.stringify({source: await describeLlama(llama)})}\n`);
    }
    for (const name of names.slice(from)) {
      process.stdout.write(`${JSON.stringify(await answer(llama, folder, name))}\n`);
    }
  });
}

/** Lines of one child; how many cases it has answered. */
async function supervise(folder, from) {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), folder, "--from", String(from)], {
    env: {...process.env, GGML_NO_BACKTRACE: "1"},
    stdio: ["ignore", "pipe", process.env.VERBOSE ? "inherit" : "ignore"],
  });
  const closed = new Promise((resolve) => child.on("close", resolve));
  let answered = 0;
  let watch = setTimeout(() => child.kill("SIGKILL"), LONGEST_MS);
  for await (const line of createInterface({input: child.stdout})) {
    clearTimeout(watch);
    watch = setTimeout(() => child.kill("SIGKILL"), LONGEST_MS);
    process.stdout.write(`${line}\n`);
    answered += line.startsWith('{"case"') ? 1 : 0;
  }
  clearTimeout(watch);
  await closed;
  return answered;
}

await runMain(USAGE, async () => {
  const {positional: folder, from} = parseCommandLine({from: {type: "string"}});
  if (from !== undefined) {
    return await work(folder, Number(from));
  }
  const names = await casesOf(folder);
  for (let done = 0; done < names.length;) {
    done += await supervise(folder, done);
    if (done < names.length) {
      process.stdout.write(`${JSON.stringify({case: names[done], outcome: "aborts"})}\n`);
      done++;
    }
  }
});
