/** Named beside the interpreter: what results depend on most. */
const frameworks = [
  "torch",
  "pytorch",
  "torchvision",
  "tensorflow",
  "keras",
  "jax",
  "flax",
  "mxnet",
  "onnxruntime",
  "numpy",
  "foolbox",
  "adversarial-robustness-toolbox",
  "cleverhans",
  "torchattacks",
  "autoattack",
];

/**
 * What an attempt loaded, in short, as names with values; what is not known is left out.
 * @param environment as core/platform/environment.ts makes it; others' are told as far as they are alike
 */
export function environmentFacts(
  environment: Readonly<Record<string, unknown>> | null,
): { name: string; value: string }[] {
  const { runtime, cuda, packages } = environment ?? {};
  const versions = new Map(
    Object.entries(typeof packages === "object" ? (packages ?? {}) : {}).map(([name, version]) => [
      name.toLowerCase(),
      String(version),
    ]),
  );
  const found = frameworks.flatMap((name) => {
    const version = versions.get(name);
    return version === undefined ? [] : [`${name} ${version}`];
  });
  const count = versions.size;
  return [
    ...(typeof runtime === "string" ? [{ name: "runtime", value: runtime }] : []),
    ...(typeof cuda === "string" ? [{ name: "cuda", value: cuda }] : []),
    ...(count === 0
      ? []
      : [
          { name: "packages", value: [String(count), found.join(", ")].filter(Boolean).join(": ") },
        ]),
  ];
}
