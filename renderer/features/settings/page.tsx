import { useQuery } from "@tanstack/react-query";
import { visible } from "../../../shared/visible.ts";
import { PageHeader } from "../../app/page-header.tsx";
import { core } from "../../rpc/client.ts";
import { usePreferences } from "../../state/preferences.ts";
import { Panel, Segments } from "../../ui/layout.tsx";
import { CopyLine, ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import styles from "./page.module.css";
import { DatasetLimit } from "./dataset-limit.tsx";
import { Secrets } from "./secrets.tsx";
import { Setting } from "./setting.tsx";

/** What a person likes, kept in this browser, and where the core keeps its data. */
export function SettingsPage() {
  const { theme, density, singleKeys, setTheme, setDensity, setSingleKeys } = usePreferences();
  return (
    <>
      <PageHeader title="Settings" />
      <div className={styles["settings"]}>
        <Panel title="Looks" aside={<span className="subtle">kept in this browser</span>}>
          <Setting name="Theme" about="System follows the setting of your desktop.">
            <Segments
              label="Theme"
              value={theme}
              options={[
                { value: "system", text: "System" },
                { value: "light", text: "Light" },
                { value: "dark", text: "Dark" },
              ]}
              onChange={setTheme}
            />
          </Setting>
          <Setting name="Rows of tables" about="Dense shows more, regular is easier to hit.">
            <Segments
              label="Rows of tables"
              value={density}
              options={[
                { value: "dense", text: "Dense" },
                { value: "regular", text: "Regular" },
              ]}
              onChange={setDensity}
            />
          </Setting>
        </Panel>
        <Panel title="Keys" aside={<span className="subtle">kept in this browser</span>}>
          <Setting
            name="Keys without Ctrl"
            about="Letters and signs such as G R, / and ?. Switch them off when a voice or a pad presses keys by mistake. In a table that has the focus they go on working."
          >
            <Segments
              label="Keys without Ctrl"
              value={singleKeys ? "on" : "off"}
              options={[
                { value: "on", text: "On" },
                { value: "off", text: "Off" },
              ]}
              onChange={(value) => setSingleKeys(value === "on")}
            />
          </Setting>
        </Panel>
        <Secrets />
        <Core />
      </div>
    </>
  );
}

function Core() {
  const { data, error, refetch } = useQuery(core.system.info.queryOptions({ input: {} }));
  return (
    <Panel
      title="Data"
      aside={data && <span className="subtle num">Gauntlet {visible(data.version)}</span>}
    >
      {error ? (
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      ) : data ? (
        <Setting
          name="Data folder"
          about="Runs, models and results. Another is chosen when Gauntlet starts, with --data or GAUNTLET_DATA."
        >
          <CopyLine text={visible(data.data)} />
        </Setting>
      ) : (
        <Skeleton lines={2} />
      )}
      <DatasetLimit />
    </Panel>
  );
}
