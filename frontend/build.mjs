// Bundles frontend/ into the folder named by the first argument. Called by xianjie.web.assets.
import { build } from "esbuild";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";

const out = process.argv[2];
await build({
  entryPoints: ["css/app.css", "js/app.js", "js/charts.js"],
  outdir: out,
  entryNames: "[name]",
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome80", "firefox78", "safari14.1"],
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
});
for (const name of ["icons.svg", "mark.svg"]) await copyFile(name, join(out, name));
