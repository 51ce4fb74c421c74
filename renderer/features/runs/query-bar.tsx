import {
  type KeyboardEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { flushSync } from "react-dom";
import type { QueryProblem } from "../../../shared/query/ast.ts";
import { checkQuery } from "../../../shared/query/check.ts";
import { completeQuery } from "../../../shared/query/complete.ts";
import { fieldLookup, nameOfField } from "../../../shared/query/fields.ts";
import { keywordOf, parseQuery } from "../../../shared/query/parse.ts";
import { tokenize } from "../../../shared/query/tokens.ts";
import type { RunField } from "../../../shared/runs-table.ts";
import { describeError } from "../../rpc/errors.ts";
import { classes } from "../../ui/classes.ts";
import { Icon } from "../../ui/icon.tsx";
import styles from "./page.module.css";

/** Width of a character of the bar's type, in parts of its size. */
const characterWidth = 12 * 0.6;

/**
 * The query of a table: words coloured by kind, completion under the caret, a problem under the
 * word that it is about. A query with a problem is not asked; what was shown stays.
 */
export function QueryBar({
  query,
  fields,
  found,
  refusal,
  onQuery,
}: {
  query: string;
  fields: readonly RunField[];
  found: number | undefined;
  /** What only the core could see. */
  refusal: unknown;
  onQuery(query: string): void;
}) {
  const [text, setText] = useState(query);
  const [isOpen, setOpen] = useState(false);
  const [caret, setCaret] = useState(0);
  const [chosen, setChosen] = useState(0);
  const [scrolled, setScrolled] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const sent = useRef(query);

  // Changed from elsewhere: back, a link, a button.
  useEffect(() => {
    if (query !== sent.current) setText(query);
    sent.current = query;
  }, [query]);

  const problem = useMemo(() => firstProblem(text, fields), [text, fields]);
  // Waits for no drawing: the core looks while the key is drawn.
  const ask = useCallback(
    (next: string) => {
      if (next === sent.current) return;
      sent.current = next;
      onQuery(next);
    },
    [onQuery],
  );
  // A field that is named may come to be known later.
  useEffect(() => {
    if (problem === null) ask(text);
  }, [text, problem, ask]);

  const completion = useMemo(() => completeQuery(text, caret, fields), [text, caret, fields]);
  const options = isOpen ? completion.options : [];
  const current = Math.min(chosen, options.length - 1);

  function take(index: number): void {
    const option = options[index];
    if (!option) return;
    const next = `${text.slice(0, completion.from)}${option.text} ${text.slice(completion.to).trimStart()}`;
    const at = completion.from + option.text.length + 1;
    // At once: who types on before the next frame types behind it.
    flushSync(() => {
      setText(next);
      setCaret(at);
      setChosen(0);
    });
    input.current?.setSelectionRange(at, at);
  }

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>): void {
    if (event.key === "Escape" && isOpen) setOpen(false);
    else if (event.key === "Escape") input.current?.blur();
    else if (event.key === "ArrowDown" && options.length > 0)
      setChosen(Math.min(current + 1, options.length - 1));
    else if (event.key === "ArrowUp" && options.length > 0) setChosen(Math.max(current - 1, 0));
    else if (event.key === "Tab" && !event.shiftKey && options.length > 0) take(current);
    else if (event.key === "Enter") {
      setOpen(false);
      if (problem === null) onQuery(text);
    } else return;
    event.preventDefault();
  }

  const isWrong = problem !== null && !(isOpen && problem.offset + problem.length >= caret);
  const place = (offset: number) => ({ left: 30 + offset * characterWidth - scrolled });
  useEffect(() => {
    document.getElementById(`query-option-${current}`)?.scrollIntoView({ block: "nearest" });
  }, [current]);

  return (
    <div className={styles["bar"]}>
      <div className={classes(styles["box"], (isWrong || refusal !== null) && styles["bad"])}>
        <Icon name="search" size={14} />
        <div className={styles["typed"]}>
          <pre aria-hidden="true" style={{ transform: `translateX(${-scrolled}px)` }}>
            {coloured(text, isWrong ? problem : null)}
          </pre>
          <input
            id="query"
            ref={input}
            role="combobox"
            aria-label="Query"
            aria-expanded={options.length > 0}
            aria-controls="query-options"
            aria-activedescendant={options.length > 0 ? `query-option-${current}` : undefined}
            aria-invalid={isWrong}
            aria-describedby={isWrong ? "query-problem" : undefined}
            placeholder="score > 0.5 and state = succeeded"
            autoComplete="off"
            spellCheck={false}
            value={text}
            onChange={(event) => {
              const { value, selectionStart } = event.target;
              if (firstProblem(value, fields) === null) ask(value);
              setText(value);
              setCaret(selectionStart ?? value.length);
              setChosen(0);
              setOpen(true);
            }}
            onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
            onScroll={(event) => setScrolled(event.currentTarget.scrollLeft)}
            onKeyDown={onKeyDown}
            onBlur={() => setOpen(false)}
          />
        </div>
        {found !== undefined && (
          <span className={classes("num", styles["count"])} role="status">
            {found.toLocaleString("en-US")} {found === 1 ? "run" : "runs"}
          </span>
        )}
      </div>
      {isWrong && (
        <div id="query-problem" className={styles["problem"]} style={place(problem.offset)}>
          {problem.message}
          {problem.suggestion && `; ${problem.suggestion}`}
        </div>
      )}
      {!isWrong && refusal !== null && (
        <div className={styles["problem"]} style={place(0)}>
          {describeError(refusal).details ?? describeError(refusal).message}
        </div>
      )}
      <div
        id="query-options"
        role="listbox"
        aria-label="Completions"
        className={styles["options"]}
        hidden={options.length === 0}
        style={place(completion.from)}
      >
        {options.map((option, index) => (
          <div
            key={option.text}
            id={`query-option-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === current}
            // Before the input loses the focus.
            onPointerDown={(event) => {
              event.preventDefault();
              take(index);
            }}
          >
            <span className="mono">{option.text}</span>
            <span className="grow" />
            <span className="muted">{option.detail || option.kind}</span>
          </div>
        ))}
      </div>
    </div>
  );
}

/** What is wrong with a query, as far as this page knows. */
function firstProblem(text: string, fields: readonly RunField[]): QueryProblem | null {
  const parsed = parseQuery(text);
  if (!parsed.ok) return parsed.problems[0];
  const lookup = fieldLookup(fields);
  const checked = checkQuery(parsed.query, {
    lookup,
    names: () => fields.map((field) => nameOfField(field, lookup)),
    now: () => Date.now(),
  });
  return checked.ok ? null : (checked.problems[0] ?? null);
}

/** The text with its words coloured; untrusted, and never more than text. */
function coloured(text: string, problem: QueryProblem | null): ReactNode[] {
  const parts: ReactNode[] = [];
  let at = 0;
  let afterOperator = false;
  const add = (end: number, className?: string) => {
    if (end <= at) return;
    const isWrong =
      problem !== null && at < problem.offset + Math.max(1, problem.length) && end > problem.offset;
    parts.push(
      <span key={at} className={classes(className, isWrong && styles["wrong"])}>
        {text.slice(at, end)}
      </span>,
    );
    at = end;
  };
  for (const token of tokenize(text).tokens) {
    add(token.offset);
    const isOperator = token.type === "operator" || keywordOf(token) !== null;
    const isValue =
      token.type === "string" ||
      token.type === "pattern" ||
      (afterOperator && token.type === "word");
    add(
      token.offset + token.length,
      isOperator ? styles["operator"] : isValue ? styles["value"] : undefined,
    );
    afterOperator = token.type === "operator" || (afterOperator && token.type === "mark");
  }
  add(text.length);
  return parts;
}
