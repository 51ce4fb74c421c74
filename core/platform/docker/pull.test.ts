import { expect, test } from "vitest";
import { createPullProgress, pullError } from "./pull.ts";

test.each([
  ["manifest for a/b:2 not found: manifest unknown: manifest unknown", "IMAGE_NOT_FOUND"],
  ["repository localhost:5/no/such not found: name unknown", "IMAGE_NOT_FOUND"],
  ["no matching manifest for linux/arm64/v8 in the manifest list entries", "IMAGE_NOT_FOUND"],
  [
    "pull access denied for a/b, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    "IMAGE_FORBIDDEN",
  ],
  ['Head "https://ghcr.io/v2/a/b/manifests/1": no basic auth credentials', "IMAGE_FORBIDDEN"],
  ["unauthorized: authentication required", "IMAGE_FORBIDDEN"],
  ["toomanyrequests: You have reached your pull rate limit.", "IMAGE_LIMITED"],
  ["received unexpected HTTP status: 503 Service Unavailable", "IMAGE_UNAVAILABLE"],
  ["dial tcp: lookup ghcr.io: no such host", "IMAGE_UNAVAILABLE"],
  ["unknown: unknown error", "IMAGE_UNAVAILABLE"], // What a registry says of its own troubles.
  ["unexpected EOF", "IMAGE_UNAVAILABLE"],
])("%s", (words, code) => {
  expect(pullError("ghcr.io/a/b:2", words)).toMatchObject({ code, details: words });
});

test("a login is asked for at the registry that wants it", () => {
  expect(pullError("ghcr.io/a/b:2", "unauthorized").hint).toMatch(/^docker login ghcr\.io,/);
  expect(pullError("pytorch/pytorch:2", "unauthorized").hint).toMatch(/^docker login,/);
});

test("layers are added up; one that is done counts whole", () => {
  const progress = createPullProgress();
  const downloading = (id: string, current: number, total: number) =>
    progress.take({ status: "Downloading", id, progressDetail: { current, total } });
  progress.take({ status: "Pulling from a/b", id: "2" });
  expect(progress.text()).toBeNull();
  downloading("a", 1e6, 4e6);
  downloading("b", 5e5, 8e6);
  expect(progress.text()).toBe("Fetched 1.5 MB of 12.0 MB so far");
  progress.take({ status: "Download complete", id: "a" });
  expect(progress.text()).toBe("Fetched 4.5 MB of 12.0 MB so far");
  progress.take({ status: "Download complete", id: "b" });
  progress.take({ status: "Extracting", id: "a", progressDetail: { current: 1, total: 4e6 } });
  expect(progress.text()).toBe("Fetched 12.0 MB, unpacking them");
});
