import { type ReactNode, useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { Icon } from "../ui/icon.tsx";

export type Crumb = { text: string; to?: ReactNode };

/**
 * Puts a page's name, the way to it and its actions into the bar over the page, and the name into
 * the window's title. Every page has one, first.
 */
export function PageHeader({
  title,
  above,
  children,
}: {
  title: string;
  /** A link to the page that this one belongs to. */
  above?: ReactNode;
  /** Buttons at the right end. */
  children?: ReactNode;
}) {
  const [bar, setBar] = useState<{ crumbs: Element; actions: Element } | null>(null);
  useEffect(() => {
    const crumbs = document.getElementById("crumbs");
    const actions = document.getElementById("page-actions");
    if (crumbs && actions) setBar({ crumbs, actions });
  }, []);
  useEffect(() => {
    document.title = `${title} · Gauntlet`;
  }, [title]);
  if (!bar) return null;
  return (
    <>
      {createPortal(
        <>
          {above && (
            <>
              {above}
              <Icon name="chevron" size={12} />
            </>
          )}
          <h1 className="clip medium">{title}</h1>
        </>,
        bar.crumbs,
      )}
      {children && createPortal(children, bar.actions)}
    </>
  );
}
