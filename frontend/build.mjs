// Bundles src/ into the folder named by the first argument and prints, as JSON, which plain name became which
// built one. build.py calls this; it knows when there is anything to do.
import { basename } from "node:path";
import { build } from "esbuild";

const folder = process.argv[2];
if (!folder) throw new Error("usage: node build.mjs FOLDER");

const result = await build({
  entryPoints: ["src/page.ts", "src/page.css", "src/favicon.svg"],
  outdir: folder,
  entryNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  charset: "utf8",
  format: "esm",
  target: ["es2022", "chrome120", "firefox121", "safari17.2"],
  loader: { ".svg": "copy" },
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

const files = {};
for (const [built, { inputs }] of Object.entries(result.metafile.outputs)) {
  const built_name = basename(built);
  files[built_name.replace(/-[A-Z0-9]{8}\./, ".")] = built_name;
  if (Object.keys(inputs).length === 0) throw new Error(`${built_name} has no source`);
}
console.log(JSON.stringify(files));
