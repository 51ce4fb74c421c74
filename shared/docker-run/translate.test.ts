import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseExperiment } from "../experiment-file.ts";
import { importDockerRun } from "./translate.ts";

/** The file as data, and the notes as `level about`. */
function imported(line: string) {
  const { yaml, notes } = importDockerRun(line);
  const data = parse(yaml) as Record<string, unknown>;
  return { data, notes: notes.map(({ level, about }) => `${level} ${about}`) };
}

/** What of the file is not its name and image. */
function bodyOf(line: string) {
  const { name, image, ...body } = imported(line).data;
  return { name, image, body };
}

const train = (command: string[], resources?: object) => ({
  train: { command, ...(resources && { resources }) },
});

describe("lines of the wild", () => {
  test.each<[string, object]>([
    [
      `docker run -d -p 6006:6006 -v out:/opt/app/output --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=0 lab/vq:3 python train.py`,
      train(["python", "train.py"], { gpus: 1 }),
    ],
    [
      `nvidia-docker run -it --rm -v /ssd/tiny-imagenet-200:/data:ro lab/vq:3 python train.py --data /data/train`,
      {
        dataset: "tiny-imagenet-200",
        ...train(["python", "train.py", "--data", "/gauntlet/in/dataset/train"], { gpus: 1 }),
      },
    ],
    [
      `NV_GPU=0,1 nvidia-docker run --name vq-2 lab/vq:3 ./run.sh`,
      train(["./run.sh"], { gpus: 2 }),
    ],
    [
      `sudo NV_GPU='1' nvidia-docker run lab/vq:3 sh -c 'python train.py && python test.py'`,
      train(["sh", "-c", "python train.py && python test.py"], { gpus: 1 }),
    ],
    [
      `docker run --gpus '"device=0,2"' --ipc=host --ulimit memlock=-1 --ulimit stack=67108864 nvcr.io/nvidia/pytorch:23.10-py3 python main.py`,
      train(["python", "main.py"], { gpus: 2, shm: "8GiB" }),
    ],
    [
      `docker run --gpus all --shm-size=16g -m 64g --cpus=7.5 pytorch/pytorch:2.4.0-cuda12.4-cudnn9-runtime torchrun --nproc_per_node=1 a.py`,
      train(["torchrun", "--nproc_per_node=1", "a.py"], {
        gpus: 1,
        cpus: 8,
        memory: "64GiB",
        shm: "16GiB",
      }),
    ],
    [
      "docker run \\\n  --gpus 2 \\\n  -v $(pwd):/workspace -w /workspace \\\n  tensorflow/tensorflow:1.12.0-gpu-py3 \\\n  python /workspace/train.py --logdir=/workspace/logs",
      train(["python", "/gauntlet/in/code/train.py", "--logdir=/gauntlet/in/code/logs"], {
        gpus: 2,
      }),
    ],
    [
      `docker run --rm --network none -e OMP_NUM_THREADS=4 -e "GREETING=a: b" -e OUT=/results/a -v "$PWD/results":/results --entrypoint python lab/vq:3 -m vq.train --out /results`,
      {
        network: false,
        env: { OMP_NUM_THREADS: "4", GREETING: "a: b", OUT: "/gauntlet/out/a" },
        ...train(["python", "-m", "vq.train", "--out", "/gauntlet/out"]),
      },
    ],
    [
      `docker run --mount type=bind,source=/srv/cifar10,target=/data,readonly --mount type=volume,src=ckpt,dst=/ckpt -v /srv/logs:/logs lab/vq:3 train /data /ckpt/a /logs/b /database`,
      {
        dataset: "cifar10",
        ...train([
          "train",
          "/gauntlet/in/dataset",
          "/gauntlet/out/ckpt/a",
          "/gauntlet/out/logs/b",
          "/database",
        ]),
      },
    ],
    [
      `docker container run -dit --device=/dev/nvidia0 --device /dev/nvidia1 --device /dev/nvidiactl --device=/dev/nvidia-uvm lab/vq:3 a`,
      train(["a"], { gpus: 2 }),
    ],
    [`docker run --device nvidia.com/gpu=all lab/vq:3 a`, train(["a"], { gpus: 1 })],
    [`docker run --gpus=all -e CUDA_VISIBLE_DEVICES=1,2 lab/vq:3 a`, train(["a"], { gpus: 2 })],
    [`docker run --runtime nvidia -e NVIDIA_VISIBLE_DEVICES=none lab/vq:3 a`, train(["a"])],
    [
      `docker run --gpus 'all,"capabilities=compute,utility"' lab/vq:3 a`,
      train(["a"], { gpus: 1 }),
    ],
    [`docker run --restart on-failure:3 lab/vq:3 a`, { train: { command: ["a"], retries: 3 } }],
    [`docker --context lab -D run lab/vq:3 a`, train(["a"])],
    [`docker run -- lab/vq:3 a -- b`, train(["a", "--", "b"])],
    [
      `docker run -eA=1 -itm=512m --rm=true lab/vq:3 a {x}`,
      {
        env: { A: "1" },
        ...train(["a", "{{x}}"], { memory: "512MiB" }),
      },
    ],
    [
      `docker run lab/vq:3 a --true true 1 1e3 null '' - '*' "it's"`,
      train(["a", "--true", "true", "1", "1e3", "null", "", "-", "*", "it's"]),
    ],
    [`cd /srv && /usr/bin/docker run lab/vq:3 a | tee log; echo done`, train(["a"])],
    [
      `podman run --cpuset-cpus 0-3,8 lab/vq:3 a # on the second machine`,
      train(["a"], { cpus: 5 }),
    ],
  ])("%s", (line, body) => {
    expect(bodyOf(line).body).toEqual(body);
    const known = imported(line).data;
    const read = parseExperiment(JSON.stringify(known), "gauntlet.yaml");
    expect(read.ok ? [] : read.problems).toEqual([]);
  });

  test.each([
    ["docker run --name vq.2 lab/vq:3 a", "vq.2", "lab/vq:3"],
    ["docker run --name '-my run!' lab/vq:3 a", "my-run-", "lab/vq:3"],
    ["docker run localhost:5000/lab/vq a", "vq", "localhost:5000/lab/vq"],
    ["docker run lab/vq@sha256:0123 a", "vq", "lab/vq@sha256:0123"],
    ["docker run 123:4 a", "123", "123:4"],
  ])("%s is named", (line, name, image) => expect(bodyOf(line)).toMatchObject({ name, image }));
});

describe("what is said", () => {
  test.each<[string, string[]]>([
    ["docker run --privileged lab/vq:3 a", ["unsafe --privileged"]],
    ["docker run --privileged=false lab/vq:3 a", []],
    ["docker run --cap-add SYS_ADMIN --cap-add=IPC_LOCK lab/vq:3 a", ["unsafe --cap-add"]],
    ["docker run --device /dev/kvm lab/vq:3 a", ["unsafe --device"]],
    ["docker run --net=host --pid host lab/vq:3 a", ["unsafe --net host", "unsafe --pid=host"]],
    ["docker run --security-opt seccomp=unconfined lab/vq:3 a", ["unsafe --security-opt"]],
    ["docker run lab/vq a", ["unsafe lab/vq"]],
    ["docker run localhost:5000/vq a", ["unsafe localhost:5000/vq"]],
    ["docker run lab/vq:latest a", ["unsafe :latest"]],
    ["docker run lab/vq@sha256:0123 a", []],
    [
      "docker run -v /var/run/docker.sock:/var/run/docker.sock lab/vq:3 a",
      ["unsafe -v /var/run/docker.sock:/var/run/docker.sock"],
    ],
    ["docker run -v /:/host lab/vq:3 a", ["unsafe -v /:/host"]],
    ["docker run -v ~/.ssh:/root/.ssh:ro lab/vq:3 a", ["unsafe -v ~/.ssh:/root/.ssh:ro"]],
    ["docker run -v $HOME:/home lab/vq:3 a", ["unsafe -v $HOME:/home"]],
    [
      "docker run -v /etc/passwd:/etc/passwd:ro lab/vq:3 a",
      ["unsafe -v /etc/passwd:/etc/passwd:ro"],
    ],
    [
      "docker run -v ~/.cache/torch:/root/.cache/torch lab/vq:3 a",
      ["dropped -v ~/.cache/torch:/root/.cache/torch"],
    ],
    ["docker run -v /a:/b lab/vq:3 a", ["dropped -v /a:/b"]],
    ["docker run -v /srv/models:/models:ro lab/vq:3 a", ["dropped -v /srv/models:/models:ro"]],
    ["docker run --restart unless-stopped lab/vq:3 a", ["dropped --restart unless-stopped"]],
    ["docker run --restart=no lab/vq:3 a", []],
    ["docker run --env-file .env lab/vq:3 a", ["dropped --env-file .env"]],
    ["docker run -e USER lab/vq:3 a", ["dropped -e USER"]],
    ["docker run -e HOST=$(hostname) lab/vq:3 a", ["dropped -e HOST"]],
    ["docker run --gpus all lab/vq:3 a", ["changed --gpus"]],
    [
      "docker run -itd --rm --init lab/vq:3 a",
      ["dropped -i, -t", "dropped -d", "dropped --rm", "dropped --init"],
    ],
    ["docker run -u $(id -u):$(id -g) --label a=b lab/vq:3 a", ["dropped -u", "dropped --label"]],
    [
      "docker run -p 8888:8888 -p 127.0.0.1:80:80/tcp lab/vq:3 a",
      ["dropped -p 8888:8888", "dropped -p 127.0.0.1:80:80/tcp"],
    ],
    ["docker run lab/vq:3 a $LR", ["changed $LR"]],
    ["A=1 docker run lab/vq:3 a > log 2>&1 &", ["dropped A", "dropped >, 2>&", "dropped &"]],
    ["export TOKEN=abcdef; docker run lab/vq:3 a", ["dropped export"]],
    ["docker run lab/vq:3 a; docker run lab/vq:3 b", ["dropped docker", "dropped ;"]],
    ["docker run --memory lots lab/vq:3 a", ["dropped --memory"]],
  ])("%s", (line, notes) => {
    // Where the command starts is said of every line without the code's own folder.
    const said = imported(line).notes.filter((note) => note !== "changed a");
    expect(said).toEqual(notes);
  });

  test("a line without a command leaves its place to be filled, and says so", () => {
    const { data, notes } = imported("docker run lab/vq:3");
    expect(data).toMatchObject(train(["write-the-command-here"]));
    expect(notes).toEqual(["changed the command"]);
  });

  test("arguments of the image's own program are told", () => {
    expect(imported("docker run lab/vq:3 --lr 0.1").notes).toEqual(["changed --lr"]);
  });

  test("the code's folder is told where it is mounted, and nothing else of it", () => {
    const { notes } = imported("docker run -v $PWD:/w -w /w lab/vq:3 python a.py");
    expect(notes).toEqual(["changed -v $PWD:/w"]);
  });

  test("notes stand in the file as comments, on one line each", () => {
    const { yaml, notes } = importDockerRun("docker run --privileged -v '/a\nb: c':/d lab/vq:3 a");
    const comments = yaml.split("\n").filter((text) => text.startsWith("# "));
    expect(comments).toHaveLength(notes.length + 1);
    expect(parse(yaml)).toMatchObject({ image: "lab/vq:3" });
  });
});

describe("secrets are neither shown nor written", () => {
  const secret = "s3cr3t-Va1ue-0123456789";
  test.each([
    `docker run -e WANDB_API_KEY=${secret} lab/vq:3 a`,
    `docker run -e aws_secret_access_key=${secret} lab/vq:3 a`,
    `docker run --env=HF_TOKEN="${secret}" lab/vq:3 a`,
    `docker run -e DB_PASSWORD='${secret}' lab/vq:3 a`,
    `docker run -e DB=postgres://lab:${secret}@db/vq lab/vq:3 a`,
    `docker run -e X=hf_${secret} lab/vq:3 a`,
    `HF_TOKEN=${secret} docker run lab/vq:3 a`,
    `export HF_TOKEN=${secret} && docker run lab/vq:3 a`,
    `docker run lab/vq:3 a --api-key=${secret}`,
    `docker run lab/vq:3 a --api_key ${secret}`,
    `docker run lab/vq:3 env HF_TOKEN=${secret} python a.py`,
    `docker run lab/vq:3 bash -c "export HF_TOKEN=${secret}; a --password '${secret}'"`,
    `docker run --label token=${secret} --add-host ${secret}:1 lab/vq:3 a`,
    `docker run lab/vq:3 a $(login --token ${secret})`,
    `docker run -e A=$(login --token ${secret}) lab/vq:3 a`,
    `docker run -v /a:/b -v "https://lab:${secret}@x/data":/c lab/vq:3 a`,
  ])("%s", (line) => {
    const result = importDockerRun(line);
    expect(JSON.stringify(result)).not.toContain(secret);
  });

  test("what only sounds like one is carried over", () => {
    const line =
      "docker run -e TOKENIZERS_PARALLELISM=false -e AUTHOR=me lab/vq:3 a --max-tokens 5";
    expect(imported(line).data).toMatchObject({
      env: { TOKENIZERS_PARALLELISM: "false", AUTHOR: "me" },
      train: { command: ["a", "--max-tokens", "5"] },
    });
  });
});

describe("what is no docker run is refused", () => {
  test.each([
    ["", "empty"],
    ["python train.py", "no docker run"],
    ["docker build .", "no docker run"],
    ["docker compose run web", "no docker run"],
    ["docker run", "no image"],
    ["docker run --gpus all", "no image"],
    ["docker run -e", "lacks its value"],
    ["docker run --gpu all lab/vq:3", "no option `--gpu`"],
    ["docker run -z lab/vq:3", "no option `-z`"],
    ["docker run -itz lab/vq:3", "no option `-itz`"],
    ["docker run $IMAGE a", "no name of an image"],
    ["docker run 'a b' c", "no name of an image"],
    ["docker run 'lab/vq:3", "never closed"],
    ["docker run lab/vq:3 ''", "is empty"],
  ])("%s", (line, message) =>
    expect(() => importDockerRun(line)).toThrow(
      expect.objectContaining({
        code: "IMPORT_INVALID",
        message: expect.stringContaining(message),
      }),
    ),
  );

  test("an option that was misspelt is suggested", () =>
    expect(() => importDockerRun("docker run --gpu all a")).toThrow(
      expect.objectContaining({ hint: "did you mean `gpus`?" }),
    ));

  test("no line takes long", () => {
    const begin = performance.now();
    for (const piece of ["-", "A", "A_", "/", "a:", "--api-key ", "TOKEN=", "{", "://a:", "a,"])
      for (const before of [
        "docker run x:1 ",
        "docker run -v ",
        "docker run --gpus ",
        "docker run -e A=",
        "docker run -",
      ])
        try {
          importDockerRun(before + piece.repeat(60_000 / piece.length));
        } catch (error) {
          expect(error).toMatchObject({ code: "IMPORT_INVALID" });
        }
    expect(performance.now() - begin).toBeLessThan(5000);
  });
});
