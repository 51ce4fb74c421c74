import { visible } from "../../shared/visible.ts";
import { Icon } from "./icon.tsx";
import styles from "./tags.module.css";

/** Tags as small labels; with `onRemove` each can be taken away. */
export function Tags({
  tags,
  onRemove,
}: {
  tags: readonly string[];
  onRemove?: (tag: string) => void;
}) {
  return (
    <span className={styles["tags"]}>
      {tags.map((tag) => (
        <span key={tag} className={styles["tag"]} dir="auto">
          {visible(tag)}
          {onRemove && (
            <button
              type="button"
              aria-label={`Remove the tag ${visible(tag)}`}
              onClick={() => onRemove(tag)}
            >
              <Icon name="close" size={10} />
            </button>
          )}
        </span>
      ))}
    </span>
  );
}
