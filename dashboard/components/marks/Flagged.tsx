/** Text from outside that looks like an attempt to give orders: shown made harmless, and marked. */
export function Flagged({ flags }: { flags: readonly string[] }) {
  if (flags.length === 0) return null;
  return (
    <>
      {" "}
      <span className="tag" title={`Text from outside, shown made harmless: ${flags.join(", ")}. The log keeps it as it came.`}>
        suspicious text
      </span>
    </>
  );
}
