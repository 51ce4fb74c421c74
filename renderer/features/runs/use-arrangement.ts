import { useMemo } from "react";
import { arrangeRunColumns, usePreferences } from "../../state/preferences.ts";
import type { Arrange } from "../../ui/column-tools.tsx";
import { visible } from "../../../shared/visible.ts";
import type { Column } from "../../ui/table.tsx";
import type { TableRow } from "./use-table.ts";

/** How a person has arranged the columns of the runs table; kept in this browser. */
export type Arrangement = Arrange & { pinned: readonly string[] };

/** Steps that change which columns there are (`chosen`), their order, pins and widths. */
export function useArrangement(chosen: readonly string[]): Arrangement {
  const pinned = usePreferences((preferences) => preferences.runPinned);
  return useMemo(() => {
    // As they stand in the table: the pinned ones come first.
    const shown = pinnedFirst(chosen, pinned);
    const isPinned = (column: string) => pinned.includes(column);
    const moveTo = (column: string, place: string) => {
      const to = shown.indexOf(place);
      if (to === -1) return;
      const next = shown.filter((name) => name !== column);
      next.splice(to, 0, column);
      // Among pinned columns it is one, and among others it is none.
      const changes = isPinned(place) !== isPinned(column);
      arrangeRunColumns(`Moved the column ${visible(column)}`, {
        runColumns: next,
        runPinned: changes ? toggled(pinned, column) : pinned,
      });
    };
    return {
      pinned,
      isFree: (column) => shown.includes(column),
      moveTo,
      moveBy: (column, step) => {
        const place = shown[shown.indexOf(column) + step];
        if (place !== undefined) moveTo(column, place);
      },
      togglePin: (column) =>
        arrangeRunColumns(
          `${isPinned(column) ? "Unpinned" : "Pinned"} the column ${visible(column)}`,
          { runPinned: toggled(pinned, column) },
        ),
      hide: (column) =>
        arrangeRunColumns(`Hid the column ${visible(column)}`, {
          runColumns: shown.filter((name) => name !== column),
        }),
      resize: (column, width) =>
        arrangeRunColumns(`Resized the column ${visible(column)}`, {
          runWidths: { ...usePreferences.getState().runWidths, [column]: width },
        }),
    };
  }, [chosen, pinned]);
}

/** Room for a mean ± a standard deviation, px. */
const statisticWidth = 138;
/** Numbers that groups show without one. */
const plainNumbers: ReadonlySet<string> = new Set(["seed", "duration"]);

/**
 * Columns with the widths that were given them, those that are pinned in front. Of groups the name
 * says what their runs have in common, so that the column of it goes.
 */
export function useArranged(
  columns: readonly Column<TableRow>[],
  { pinned, isGrouped }: { pinned: readonly string[]; isGrouped: boolean },
): Column<TableRow>[] {
  const widths = usePreferences((preferences) => preferences.runWidths);
  return useMemo(() => {
    const arranged = columns
      .filter(({ id }) => !(isGrouped && id === "label"))
      .map((column) => {
        const isStatistic = isGrouped && column.align === "right" && !plainNumbers.has(column.id);
        const width = isStatistic ? Math.max(column.width, statisticWidth) : column.width;
        return {
          ...column,
          width: widths[column.id] ?? width,
          pinned: column.pinned === true || pinned.includes(column.id),
        };
      });
    return [
      ...arranged.filter((column) => column.pinned),
      ...arranged.filter((column) => !column.pinned),
    ];
  }, [columns, pinned, isGrouped, widths]);
}

function pinnedFirst(columns: readonly string[], pinned: readonly string[]): string[] {
  const isPinned = (column: string) => pinned.includes(column);
  return [...columns.filter(isPinned), ...columns.filter((column) => !isPinned(column))];
}

function toggled(all: readonly string[], one: string): string[] {
  return all.includes(one) ? all.filter((other) => other !== one) : [...all, one];
}
