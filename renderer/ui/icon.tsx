const paths = {
  arrowDown: "M8 3v10M4 9l4 4 4-4",
  arrowUp: "M8 13V3M4 7l4-4 4 4",
  attack: "M13.5 2.5L7 9M13.5 2.5l-.2 3M13.5 2.5l-3 .2M5.5 7.5l3 3M3 13l2.7-2.7M3.5 10.5l2 2",
  bolt: "M9 1.8L3.5 9H8l-1 5.2L12.500 7H8z",
  chevron: "M6 4l4 4-4 4",
  close: "M4 4l8 8M12 4l-8 8",
  columns: "M2.5 3h11v10h-11zM6.200 3v10M9.800 3v10",
  compare: "M2.500 2.500v11h11M4.500 11l3-3.500 2.500 1.500 3.500-5M4.500 7l3 4 2.500-.500 3.500 1",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.500v-3h-8v8h3",
  cube: "M8 1.8l5.5 3.1v6.2L8 14.2l-5.5-3.1V4.900zM2.600 5L8 8l5.400-3M8 8v6",
  data: "M2.500 4c0-1.200 2.500-2 5.500-2s5.500.8 5.500 2-2.500 2-5.500 2-5.500-.8-5.500-2zM2.500 4v8c0 1.200 2.500 2 5.500 2s5.500-.8 5.500-2V4M2.500 8c0 1.200 2.500 2 5.500 2s5.500-.8 5.500-2",
  grid: "M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5h4v4h-4z",
  group: "M2.500 3.500h11M5.500 8h8M5.500 12.500h8M2.500 6.500V12.500",
  list: "M2.5 4h11M2.5 8h11M2.5 12h7",
  machine:
    "M4 4h8v8H4zM6.500 6.500h3v3h-3zM6 4V2M10 4V2M6 14v-2M10 14v-2M4 6H2M4 10H2M14 6h-2M14 10h-2",
  moon: "M13 9.500A5.500 5.500 0 016.500 3 5.500 5.500 0 1013 9.500z",
  pin: "M5.500 2.500h5M6.500 2.500v4l-2 2.500h7l-2-2.500v-4M8 9v4.500",
  play: "M4.500 3l8 5-8 5z",
  plus: "M8 3v10M3 8h10",
  rerun: "M13 8a5 5 0 11-1.600-3.700M13 2.500v3h-3",
  search: "M7 2.500a4.500 4.500 0 110 9 4.500 4.500 0 010-9zM10.500 10.500L14 14",
  settings: "M2.500 5h6M11.500 5h2M2.500 11h2M7.500 11h6M10 3.500v3M6 9.500v3",
  shield: "M8 1.700l5 1.800v4.300c0 3-2 5.200-5 6.500-3-1.300-5-3.500-5-6.500V3.500z",
  stop: "M4 4h8v8H4z",
  sun: "M8 5a3 3 0 110 6 3 3 0 010-6zM8 1.500v1.300M8 13.200v1.300M1.500 8h1.300M13.200 8h1.300M3.400 3.400l.9.9M11.700 11.700l.9.9M3.400 12.600l.9-.9M11.700 4.300l.9-.9",
  terminal: "M2.500 3h11v10h-11zM5 6.500L7 8 5 9.500M8.500 10H11",
  warning: "M8 2.500l6 10.500H2zM8 6.500v3M8 11.500v.01",
} as const;

export type IconName = keyof typeof paths;

/** A 16 px line drawing that says nothing to screen readers: a word always stands beside it. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.4}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      style={{ flex: "none" }}
    >
      <path d={paths[name]} />
    </svg>
  );
}

/** The arch in the arch: the one mark of the app. */
export function Logo({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" style={{ flex: "none" }}>
      <rect width="32" height="32" rx="7.5" fill="#3a1140" />
      <path
        d="M5.5 25V15.5a10.5 10.5 0 0121 0V25"
        fill="none"
        stroke="#f7eef8"
        strokeWidth="3.4"
        strokeLinecap="round"
      />
      <path
        d="M11.4 25v-8.8a4.6 4.6 0 019.2 0V25"
        fill="none"
        stroke="#d67fdd"
        strokeWidth="3"
        strokeLinecap="round"
      />
      <circle cx="16" cy="24.3" r="2.1" fill="#ffd166" />
    </svg>
  );
}
