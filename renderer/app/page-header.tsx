import { createContext, type ReactNode, useContext, useEffect } from "react";
import { createPortal } from "react-dom";
import { Icon } from "../ui/icon.tsx";

/** Where in the bar over the page its parts go; null before the bar is there. */
export const HeaderPlaces = createContext<{ crumbs: Element | null; actions: Element | null }>({
  crumbs: null,
  actions: null,
});

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
  const { crumbs, actions } = useContext(HeaderPlaces);
  useEffect(() => {
    document.title = `${title} · Gauntlet`;
  }, [title]);
  if (!crumbs || !actions) return null;
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
          <h1 className="clip medium" dir="auto">
            {title}
          </h1>
        </>,
        crumbs,
      )}
      {createPortal(children, actions)}
    </>
  );
}
