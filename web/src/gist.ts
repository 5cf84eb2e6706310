// ewoks begins the message of a task that failed with the node, which is shown anyway.
const preamble = /^Execution failed for ewoks task [^]+? \(id: [^]+?, task: [^]+?\): /;

/** gist is the first line of what a message has to say; tables show it, pages of runs and rows all of it. */
export function gist(message = ""): string {
  return message.replace(preamble, "").trimStart().split("\n")[0];
}
