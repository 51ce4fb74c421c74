import { Menu, nativeImage, Tray } from "electron";

export type JobsTray = {
  show(jobs: { running: number; queued: number }): void;
};

/** The icon beside the clock; says how many jobs run. */
export function createTray(options: { icon: string; open(): void; quit(): void }): JobsTray {
  const { icon, open, quit } = options;
  const tray = new Tray(nativeImage.createFromPath(icon).resize({ width: 22, height: 22 }));
  tray.on("click", open);
  const show = (jobs: { running: number; queued: number }) => {
    const text = describeJobs(jobs);
    tray.setToolTip(`Gauntlet: ${text}`);
    if (process.platform === "darwin") tray.setTitle(jobs.running > 0 ? String(jobs.running) : "");
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: text, enabled: false },
        { type: "separator" },
        { label: "Open Gauntlet", click: open },
        { label: "Quit; what runs goes on", click: quit },
      ]),
    );
  };
  show({ running: 0, queued: 0 });
  return { show };
}

/** `2 running, 3 queued`, or `no jobs`. */
export function describeJobs({ running, queued }: { running: number; queued: number }): string {
  const parts = [
    ...(running > 0 ? [`${running} running`] : []),
    ...(queued > 0 ? [`${queued} queued`] : []),
  ];
  return parts.length > 0 ? parts.join(", ") : "no jobs";
}
