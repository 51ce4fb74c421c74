import { GauntletError } from "../../shared/errors.ts";
import { excerpt } from "../../shared/visible.ts";
import { isErrno } from "../platform/errno.ts";

/** Turns what the system says of the data folder's disk into an error that a user can act on. */
function translateFileError(error: unknown, folder: string): unknown {
  if (!isErrno(error)) return error;
  switch (error.code) {
    case "ENOSPC":
    case "EDQUOT":
      return new GauntletError("DISK_FULL", `The disk of ${excerpt(folder, 200)} is full.`, {
        cause: error,
      });
    case "EROFS":
    case "EACCES":
    case "EPERM":
      return new GauntletError(
        "DATA_FOLDER_READ_ONLY",
        `The folder ${excerpt(folder, 200)} cannot be written (${error.code}).`,
        { cause: error },
      );
    default:
      return error;
  }
}

/** Does work in a folder; what the system says of its disk is thrown translated. */
export async function translatingFileErrors<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translateFileError(error, folder);
  }
}
