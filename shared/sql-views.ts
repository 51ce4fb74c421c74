/** The views that `gauntlet sql` offers: what they hold and the columns of each. */
export type SqlView = { name: string; about: string; columns: readonly string[] };

/** Times are ISO text in UTC, so that SQLite's date functions read them. */
export const sqlViews: readonly SqlView[] = [
  {
    name: "runs",
    about: "one row per run",
    columns: [
      "id",
      "name",
      "experiment",
      "version",
      "label",
      "sweep",
      "dataset",
      "seed",
      "config",
      "state",
      "reason",
      "condition",
      "created",
      "started",
      "ended",
      "seconds",
      "starred",
      "tags",
      "notes",
    ],
  },
  {
    name: "parameters",
    about: "one row per run and parameter; number or text",
    columns: ["run", "name", "number", "text"],
  },
  {
    name: "metrics",
    about: "one row per run and metric",
    columns: ["run", "name", "last", "minimum", "maximum"],
  },
  {
    name: "summaries",
    about: "one row per run and final value; number or text",
    columns: ["run", "name", "number", "text"],
  },
  {
    name: "scores",
    about: "complete scores by model, attack set and threat model",
    columns: ["model", "run", "attack_set", "threat_model", "score", "computed"],
  },
  {
    name: "models",
    about: "trained and imported models",
    columns: ["id", "name", "run", "dataset", "created"],
  },
  {
    name: "evaluations",
    about: "one attack against one model",
    columns: ["id", "model", "attack", "threat_model", "state", "reason", "created", "ended"],
  },
  {
    name: "samples",
    about: "one row per attacked sample, as verified",
    columns: [
      "evaluation",
      "sample",
      "label",
      "outcome",
      "verdict",
      "reason",
      "clean_prediction",
      "adversarial_prediction",
      "l0",
      "l1",
      "l2",
      "linf",
    ],
  },
  {
    name: "jobs",
    about: "one row per job, with its newest attempt",
    columns: ["id", "stage", "run", "evaluation", "state", "reason", "attempt", "created", "ended"],
  },
];
