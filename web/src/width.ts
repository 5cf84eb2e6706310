import { useEffect, useState } from "preact/hooks";

/** useWidth is the width of the window, in steps that matter. */
export function useWidth(): number {
  const step = () => [1200, 900, 760].find((w) => window.innerWidth >= w) ?? 0;
  const [width, setWidth] = useState(step);
  useEffect(() => {
    const look = () => setWidth(step());
    window.addEventListener("resize", look);
    return () => window.removeEventListener("resize", look);
  }, []);
  return width;
}
