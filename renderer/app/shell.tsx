import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { ErrorData } from "../../shared/errors.ts";
import { visible } from "../../shared/visible.ts";
import { useConnection } from "../rpc/connection.ts";
import { modifierName, useKeys } from "../state/keys.ts";
import { usePreferences, useShownTheme } from "../state/preferences.ts";
import { useUndo } from "../state/undo.ts";
import { Button } from "../ui/button.tsx";
import { Icon, Logo } from "../ui/icon.tsx";
import { CopyLine } from "../ui/notices.tsx";
import { CommandPalette } from "./command-palette.tsx";
import { navigation } from "./navigation.ts";
import { HeaderPlaces } from "./page-header.tsx";
import styles from "./shell.module.css";
import { ShortcutSheet } from "./shortcut-sheet.tsx";
import { StatusBar } from "./status-bar.tsx";
import { Toast } from "./toast.tsx";

/** What stands around every page: navigation, search, status, keys. */
export function Shell() {
  const [isSearching, setSearching] = useState(false);
  const [showsKeys, setShowsKeys] = useState(false);
  const [crumbs, setCrumbs] = useState<Element | null>(null);
  const [actions, setActions] = useState<Element | null>(null);
  const places = useMemo(() => ({ crumbs, actions }), [crumbs, actions]);
  const isRefused = useConnection(({ state }) => state === "refused");
  const problem = useConnection((connection) => connection.problem);
  const navigate = useNavigate();
  const theme = useShownTheme();
  const setTheme = usePreferences((preferences) => preferences.setTheme);
  const toggleTheme = () => setTheme(theme === "dark" ? "light" : "dark");

  useKeys({
    "ctrl+k": () => setSearching(true),
    "?": () => setShowsKeys(true),
    "ctrl+/": () => setShowsKeys(true),
    "alt+m": toggleTheme,
    "ctrl+z": () => void useUndo.getState().undoLast(),
    "ctrl+shift+z": () => void useUndo.getState().redoLast(),
    "ctrl+,": () => void navigate({ to: "/settings" }),
    ...Object.fromEntries(
      navigation.map(({ key, to }) => [`g ${key}`, () => void navigate({ to })]),
    ),
  });

  if (isRefused) return <Refused />;
  if (problem) return <NoCore problem={problem} />;
  return (
    <div className={styles["app"]}>
      <a
        className={styles["skip"]}
        href="#page"
        onClick={(event) => {
          event.preventDefault(); // the part of the address after # is the router's
          document.getElementById("page")?.focus();
        }}
      >
        Skip to the page
      </a>
      <nav className={styles["nav"]} aria-label="Pages">
        <div className={styles["brand"]}>
          <Logo />
          Gauntlet
        </div>
        {navigation.map(({ to, title, icon }) => (
          <Link key={to} to={to} activeProps={{ "aria-current": "page" }}>
            <Icon name={icon} />
            {title}
          </Link>
        ))}
        <span className="grow" />
        <div className={styles["foot"]}>
          <Button
            kind="quiet"
            icon={theme === "dark" ? "sun" : "moon"}
            onClick={toggleTheme}
            title="Alt M"
          >
            {theme === "dark" ? "Light theme" : "Dark theme"}
          </Button>
        </div>
      </nav>
      <header className={styles["top"]}>
        <div ref={setCrumbs} className={styles["crumbs"]} />
        <button type="button" className={styles["search"]} onClick={() => setSearching(true)}>
          <Icon name="search" size={14} />
          <span className="grow clip">Search pages and runs</span>
          <kbd>{modifierName} K</kbd>
        </button>
        <div ref={setActions} className={styles["actions"]} />
      </header>
      <main id="page" className={styles["page"]} tabIndex={-1}>
        <HeaderPlaces value={places}>
          <Outlet />
        </HeaderPlaces>
      </main>
      <Toast />
      <StatusBar onKeys={() => setShowsKeys(true)} />
      <CommandPalette open={isSearching} onClose={() => setSearching(false)} />
      <ShortcutSheet open={showsKeys} onClose={() => setShowsKeys(false)} />
    </div>
  );
}

/** In the place of everything, where the core says why it cannot start; it is tried again. */
function NoCore({ problem }: { problem: ErrorData }) {
  return (
    <main className={styles["refused"]}>
      <Logo size={40} />
      <h1>Gauntlet cannot open its data folder</h1>
      <p>{visible(problem.message)}</p>
      <p className="muted">{visible(problem.hint)}</p>
      <p className="subtle mono">{problem.code}</p>
    </main>
  );
}

/** In the place of everything, where this browser has no session. */
function Refused() {
  return (
    <main className={styles["refused"]}>
      <Logo size={40} />
      <h1>This browser has not opened a link yet</h1>
      <p className="muted">
        Each link that Gauntlet prints opens one browser, once. Press Enter in the terminal where it
        runs for a new one, or start it again:
      </p>
      <CopyLine text="npx gauntlet serve" />
    </main>
  );
}
