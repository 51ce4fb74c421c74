/** Every page in the desktop window: the same tests as in a browser. */
process.env["TEST_SHELL"] = "electron";
await import("../pages.test.ts");
