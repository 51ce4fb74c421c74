import type { ButtonHTMLAttributes } from "react";
import styles from "./button.module.css";
import { classes } from "./classes.ts";
import { Icon, type IconName } from "./icon.tsx";

export type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  /** One primary button a page; `quiet` in bars; `danger` for what ends or deletes. */
  kind?: "plain" | "primary" | "quiet" | "danger";
  size?: "small" | "medium" | "large";
  icon?: IconName;
  /** Whether it is switched on, for buttons that switch. */
  pressed?: boolean;
};

/** Says verb, object, amount. An icon alone needs an `aria-label`. */
export function Button({
  kind = "plain",
  size = "medium",
  icon,
  pressed,
  className,
  children,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      aria-pressed={pressed}
      className={classes(
        styles["button"],
        styles[kind],
        styles[size],
        pressed && styles["pressed"],
        children === undefined && styles["square"],
        className,
      )}
      {...rest}
    >
      {icon && <Icon name={icon} size={size === "small" ? 14 : 16} />}
      {children}
    </button>
  );
}
