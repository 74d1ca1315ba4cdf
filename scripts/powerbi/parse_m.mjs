// Parses every Power Query expression of a JSON object {name: text} on standard input.
import { readFileSync } from "node:fs";
import { DefaultSettings, TaskUtils } from "@microsoft/powerquery-parser";

const expressions = Object.entries(JSON.parse(readFileSync(0, "utf8")));
let broken = 0;
for (const [name, text] of expressions) {
  const task = await TaskUtils.tryLexParse(DefaultSettings, text);
  if (!TaskUtils.isParseStageOk(task)) {
    broken += 1;
    console.error(`${name}: ${task.error?.message ?? "cannot be parsed"}`);
  }
}
console.log(`${expressions.length} Power Query expressions, ${broken} broken`);
process.exitCode = broken ? 1 : 0;
