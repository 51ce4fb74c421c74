import { type ParsedDocument, parseDocument, placed } from "./document.ts";
import { checkPlaceholders } from "./placeholders.ts";
import { type Experiment, experimentSchema } from "./schemas/experiment.ts";
import { checkSweep } from "./sweep-checks.ts";
import type { DocumentPath, Finding } from "./yaml-source.ts";

/**
 * Reads a `gauntlet.yaml`: the schema, and what no schema can say, which is that placeholders name
 * something that has a value and that a sweep's values fit their parameters.
 */
export function parseExperiment(text: string, fileName: string): ParsedDocument<Experiment> {
  const parsed = parseDocument(text, experimentSchema, fileName);
  if (!parsed.ok) return parsed;
  const [first, ...rest] = placed(checkExperiment(parsed.value), parsed.source);
  return first ? { ok: false, problems: [first, ...rest] } : parsed;
}

function checkExperiment(experiment: Experiment): Finding[] {
  const names = [...Object.keys(experiment.parameters), "seed"];
  return [
    ...checkCommand(["train", "command"], experiment.train.command, names),
    ...checkCommand(["test", "command"], experiment.test?.command ?? [], names),
    ...checkCommand(["model", "serve"], experiment.model?.serve ?? [], ["port"]),
    ...checkScales(experiment),
    ...checkSweep(experiment),
  ];
}

function checkCommand(
  path: DocumentPath,
  command: readonly string[],
  known: readonly string[],
): Finding[] {
  const findings: Finding[] = checkPlaceholders(command, known).map((finding) => ({
    path: [...path, finding.argument],
    message: finding.message,
    suggestion: finding.suggestion,
    within: finding.text,
  }));
  command.forEach((argument, index) => {
    if (argument.includes("\0"))
      findings.push({ path: [...path, index], message: "an argument cannot hold a NUL character" });
  });
  if (command[0] === "")
    findings.push({ path: [...path, 0], message: "the program's name is empty" });
  return findings;
}

function checkScales({ parameters }: Experiment): Finding[] {
  return Object.entries(parameters).flatMap(([name, parameter]) => {
    if (parameter.type !== "float" && parameter.type !== "integer") return [];
    const lowest = Math.min(parameter.min ?? parameter.default, parameter.default);
    if (parameter.scale !== "log" || lowest > 0) return [];
    const message = `a log scale needs values above 0, and this one goes down to ${lowest}`;
    return [{ path: ["parameters", name, "scale"], message, suggestion: "write `linear`" }];
  });
}
