/** Route is what the part of the address behind # names. */
export interface Route { view: string; rest: string[] }

export function route(): Route {
  const [view, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(part);
  return { view: view || "overview", rest };
}

function part(s: string): string {
  try {
    return decodeURIComponent(s);
  } catch {
    return s; // typed by hand
  }
}

/** topicsOf are the topics that a view shows. */
export function topicsOf({ view, rest }: Route, attempts: boolean): string[] {
  const topics = ["overview"];
  if (attempts) topics.push("activity");
  if (attempts && view === "tasks") topics.push("tasks");
  if (view === "runs" && rest[0]) topics.push("run:" + rest[0]);
  if (view === "campaigns" && rest[0] && !rest[1]) topics.push("campaign:" + rest[0]);
  return topics;
}
