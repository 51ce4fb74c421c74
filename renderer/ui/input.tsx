import type { ComponentProps } from "react";
import { classes } from "./classes.ts";
import styles from "./input.module.css";

/** A line of text to type. Needs a label: by Field, or `aria-label`. */
export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input className={classes(styles["input"], className)} autoComplete="off" {...rest} />;
}
