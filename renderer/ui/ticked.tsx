/** A sentence of the core's whose `words in backticks` are set as code. */
export function Ticked({ text }: { text: string }) {
  const parts = text.split("`");
  // An odd tick is a tick.
  if (parts.length % 2 === 0) return <>{text}</>;
  return (
    <>
      {parts.map((part, index) =>
        index % 2 === 0 ? (
          part
        ) : (
          <code key={index} className="mono">
            {part}
          </code>
        ),
      )}
    </>
  );
}
