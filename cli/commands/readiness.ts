import { exitStatusOf, isErrorCode } from "../../shared/errors.ts";
import { placeText } from "../../shared/place-text.ts";
import type { Readiness } from "../../shared/readiness.ts";
import { visible } from "../../shared/visible.ts";
import { dim, printJson, printLine, styledState } from "../terminal.ts";

/**
 * Says where a run would run and what is missing. Sets the exit status to that of the first thing
 * for which it cannot succeed.
 */
export function tellReadiness(ready: Readiness, json: boolean): void {
  if (json) printJson(ready);
  else print(ready);
  const failed = ready.findings.find(({ state }) => state === "failed");
  if (isErrorCode(failed?.code)) process.exitCode = exitStatusOf(failed.code);
}

function print({ place, findings }: Readiness): void {
  printLine(`Runs ${visible(placeText(place))}.`);
  for (const { state, code, message, hint } of findings) {
    const what = code === null ? message : `${code}: ${message}`;
    printLine(`${styledState(state.padEnd(8))} ${visible(what)}`);
    if (hint !== null) printLine(dim(`${" ".repeat(9)}${visible(hint)}`));
  }
  if (findings.length === 0) printLine("Nothing is missing.");
}
