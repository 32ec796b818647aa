#!/usr/bin/env node
// llama.cpp's answer for every NAME.gguf of a folder that has its tokens beside it in NAME.tokens: written to NAME.llama.json, as
// llama-eval.mjs prints it, and what llama.cpp it was to source.txt. One process for all of them, because loading llama.cpp takes longer than a tiny model.

import {readFile, readdir, writeFile} from "node:fs/promises";
import path from "node:path";
import {createReferenceContext, describeLlama, evaluate, parseCommandLine, parseTokens, runMain, withLlama, withLoadedModel} from "./llama.mjs";

const USAGE = "llama-eval-all.mjs FOLDER";
const TOP = 16;

await runMain(USAGE, async () => {
  const {positional: folder} = parseCommandLine({});
  const names = (await readdir(folder)).filter((name) => name.endsWith(".tokens")).map((name) => name.slice(0, -".tokens".length));
  if (names.length === 0) {
    throw new Error(`no NAME.tokens in ${folder}: generate the tiny models first`);
  }
  await withLlama({}, async (llama) => {
    await writeFile(path.join(folder, "source.txt"), `${await describeLlama(llama)}\n`);
    for (const name of names.sort()) {
      const file = path.join(folder, `${name}.gguf`);
      const tokens = parseTokens(await readFile(path.join(folder, `${name}.tokens`), "utf8"));
      const positions = await withLoadedModel(llama, file, {}, async (model) => {
        const context = await createReferenceContext(model, tokens.length);
        return await evaluate(context.getSequence(), tokens, TOP);
      });
      const json = JSON.stringify({model: path.basename(file), positions});
      await writeFile(path.join(folder, `${name}.llama.json`), `${json}\n`);
    }
  });
});
