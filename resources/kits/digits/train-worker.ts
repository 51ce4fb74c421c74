/** A thread of training: answers each minibatch when its share of the chunks is done. */
import { parentPort, workerData } from "node:worker_threads";
import { createGradientWorker, type Minibatch } from "./gradient.ts";

const { work, thread, threads } = workerData;
const compute = createGradientWorker(work, thread, threads);
parentPort?.on("message", (minibatch: Minibatch) => {
  compute(minibatch);
  parentPort?.postMessage("done");
});
