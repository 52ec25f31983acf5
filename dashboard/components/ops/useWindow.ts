"use client";

import { useCallback, useState, type RefObject } from "react";

const SPARE = 8;

export interface Window {
  onScroll: () => void;
  /** Lines to draw: [from, to). */
  from: number;
  to: number;
  /** Pixels to leave free for the lines that are not drawn. */
  above: number;
  below: number;
}

function lineHeight(): number {
  return typeof matchMedia !== "undefined" && matchMedia("(max-width: 720px)").matches ? 46 : 25;
}

/** Which of many lines of one height are in view. */
export function useWindow(scroller: RefObject<HTMLElement | null>, lines: number): Window {
  const [view, setView] = useState({ top: 0, tall: 400 });
  const onScroll = useCallback(() => {
    const element = scroller.current;
    if (element !== null) setView({ top: element.scrollTop, tall: element.clientHeight });
  }, [scroller]);
  const height = lineHeight();
  const from = Math.max(0, Math.min(Math.floor(view.top / height), lines) - SPARE);
  const to = Math.min(lines, Math.ceil((view.top + view.tall) / height) + SPARE);
  return { onScroll, from, to, above: from * height, below: Math.max(0, lines - to) * height };
}
