#!/usr/bin/env node
// llama.cpp's ids of many texts under many vocabularies, as golden files for Foregate's tests.
//
// usage: golden.mjs TEXTS.json WORK OUT
// For each WORK/NAME.gguf writes OUT/NAME.json.gz:
//   plain      ids of each text, control tokens not looked for
//   special    ids of those texts that differ when they are, by index
//   endOfGeneration   the ids that end a generation

import {readFile, readdir, writeFile} from "node:fs/promises";
import {basename, join} from "node:path";
import {gzipSync} from "node:zlib";
import {withModel} from "../llama.mjs";

const [textsPath, work, out] = process.argv.slice(2);
if (out === undefined) {
  process.stderr.write("usage: golden.mjs TEXTS.json WORK OUT\n");
  process.exit(2);
}
const texts = JSON.parse(await readFile(textsPath, "utf8"));

function ids(model, parseSpecial) {
  return texts.map((text) => Array.from(model.tokenize(text, parseSpecial)));
}

function golden(model) {
  const plain = ids(model, false);
  const special = {};
  ids(model, true).forEach((tokens, i) => {
    if (tokens.join() !== plain[i].join()) {
      special[i] = tokens;
    }
  });
  const all = Array.from(model.iterateAllTokens());
  return {plain, special, endOfGeneration: all.filter((token) => model.isEogToken(token))};
}

const files = (await readdir(work)).filter((file) => file.endsWith(".gguf")).sort();
for (const file of files) {
  const result = await withModel(join(work, file), {vocabOnly: true}, async (model) => golden(model));
  // Level 9 and no time stamp: the same ids give the same file.
  await writeFile(join(out, `${basename(file, ".gguf")}.json.gz`), gzipSync(JSON.stringify(result), {level: 9}));
}
