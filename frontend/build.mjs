// Bundles src/ into the folder named by the first argument and prints, as JSON, which plain name became which
// built one. build.py calls this; it knows when there is anything to do.
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { drawIcons } from "./icons.mjs";

const folder = process.argv[2];
if (!folder) throw new Error("usage: node build.mjs FOLDER");

const usual = {
  outdir: folder,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  charset: "utf8",
  format: "esm",
  target: ["es2022", "chrome120", "firefox121", "safari17.2"],
  loader: { ".svg": "copy" },
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
};

const builds = [
  { entryPoints: ["src/page.ts", "src/page.css", "src/favicon.svg"] },
  // What an app needs seldom is a file of its own, fetched when it is wanted.
  { entryPoints: { app: "src/app/main.ts" }, splitting: true },
  { entryPoints: ["src/app.css"] },
  // Not a module: not every browser takes one as a service worker.
  { entryPoints: ["src/app/worker.ts"], format: "iife", tsconfig: "tsconfig.worker.json" },
];

const files = {};
for (const one of builds) {
  const { metafile } = await build({ ...usual, ...one });
  for (const [built, { inputs }] of Object.entries(metafile.outputs)) {
    const built_name = basename(built);
    files[built_name.replace(/-[A-Z0-9]{8}\./, ".")] = built_name;
    if (Object.keys(inputs).length === 0) throw new Error(`${built_name} has no source`);
  }
}

await mkdir(folder, { recursive: true });
// What is shipped of others goes with its license.
await copyFile("node_modules/qr/LICENSE-MIT", join(folder, "qr.LICENSE.txt"));
for (const [name, png] of drawIcons(await readFile("src/favicon.svg", "utf8"))) {
  const hash = createHash("sha256").update(png).digest("hex").slice(0, 8).toUpperCase();
  files[`${name}.png`] = `${name}-${hash}.png`;
  await writeFile(join(folder, files[`${name}.png`]), png);
}
console.log(JSON.stringify(files));
