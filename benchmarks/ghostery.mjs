// Verdicts of @ghostery/adblocker: node ghostery.mjs LISTS REQUESTS OUT
import { readFileSync, writeFileSync } from "node:fs";
import { FiltersEngine, Request } from "@ghostery/adblocker";

const [lists, requests, out] = process.argv.slice(2);
const engine = FiltersEngine.parse(readFileSync(lists, "utf8"), { loadCosmeticFilters: false });
const types = { xmlhttprequest: "xhr", subdocument: "sub_frame" };
const asked = JSON.parse(readFileSync(requests, "utf8")).map(([url, page, kind]) =>
  Request.fromRawDetails({ url, sourceUrl: `https://${page}/`, type: types[kind] ?? kind }));
writeFileSync(out, JSON.stringify(asked.map((request) => engine.match(request).match)));
