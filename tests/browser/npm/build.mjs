// Bundles each file of `sources` as a site would, into the folder given: `node build.mjs SOURCES OUT`.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import esbuild from "esbuild";
import { compile } from "svelte/compiler";

const [sources, out] = process.argv.slice(2);

const svelte = {
  name: "svelte",
  setup(build) {
    build.onLoad({ filter: /\.svelte$/ }, ({ path }) => {
      const made = compile(readFileSync(path, "utf8"), { filename: path, generate: "client" });
      return { contents: made.js.code, loader: "js" };
    });
  },
};

await esbuild.build({
  entryPoints: readdirSync(sources).filter((name) => name.endsWith(".js")).map((name) => join(sources, name)),
  outdir: out,
  bundle: true,
  format: "iife",
  target: "es2022",
  define: { "process.env.NODE_ENV": '"production"', __VUE_OPTIONS_API__: "true", __VUE_PROD_DEVTOOLS__: "false", __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false" },
  nodePaths: [join(process.cwd(), "node_modules")],
  conditions: ["browser"],
  logLevel: "warning",
  plugins: [svelte],
});
