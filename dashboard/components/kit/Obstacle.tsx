/** Says beside disabled buttons why they cannot be pressed; nothing while they can. */
export function Obstacle({ says }: { says: string | null }) {
  return says === null ? null : (
    <span className="muted" role="status">
      {says}
    </span>
  );
}
