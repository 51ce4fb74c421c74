/** Whether an error is Node's own kind for a failed system call, of that code when one is given. */
export function isErrno(
  error: unknown,
  code?: string,
): error is NodeJS.ErrnoException & { code: string } {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string")
    return false;
  return code === undefined || error.code === code;
}
