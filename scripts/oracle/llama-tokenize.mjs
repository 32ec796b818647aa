#!/usr/bin/env node
// llama.cpp's token ids of many texts, one JSON array a line. No BOS or EOS is added.

import {readFile} from "node:fs/promises";
import {parseCommandLine, runMain, UsageError, withModel} from "./llama.mjs";

const USAGE = `llama-tokenize.mjs MODEL --file TEXTS [--whole] [--parse-special]
  TEXTS: a .json file with an array of strings, else one text a line, or one text in all (--whole)`;

async function readTexts(file, whole) {
  const content = await readFile(file, "utf8");
  if (whole) {
    return [content];
  }
  return file.endsWith(".json") ? JSON.parse(content) : content.replace(/\n$/, "").split("\n");
}

await runMain(USAGE, async () => {
  const options = parseCommandLine({
    file: {type: "string"},
    whole: {type: "boolean", default: false},
    "parse-special": {type: "boolean", default: false},
  });
  if (options.file === undefined) {
    throw new UsageError("--file is missing: expected a file of texts");
  }
  const texts = await readTexts(options.file, options.whole);
  const ids = await withModel(options.positional, {vocabOnly: true}, async (model) =>
    texts.map((text) => Array.from(model.tokenize(text, options["parse-special"]))),
  );
  process.stdout.write(ids.map((line) => `${JSON.stringify(line)}\n`).join(""));
});
