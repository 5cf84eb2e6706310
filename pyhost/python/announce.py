"""Send the events of a job and its workflow, for runs that no Python program has asked for.

Reads ``{"execinfo": ..., "workflow": id}`` on a line, sends the start events and writes, on a
line, what tasks need to send theirs. Then reads ``{}`` or ``{"message": ..., "traceback": ...}``
and sends the end events.
"""

import json
import sys


def main():
    from ewokscore.events import send_job_event, send_workflow_event
    from ewokscore.events.initialize_events import init_job, init_workflow

    given = json.loads(sys.stdin.readline())
    job = init_job(given["execinfo"], engine="hpc")
    workflow = init_workflow(job, workflow=given["workflow"])
    send_job_event(execinfo=job, event="start")
    send_workflow_event(execinfo=workflow, event="start")
    print(json.dumps(workflow), flush=True)
    line = sys.stdin.readline()
    if not line:
        return  # the launcher has ended: nobody knows how the run did
    failure = json.loads(line)
    error = {}
    if failure:
        error = {"error": True, "error_message": failure["message"], "error_traceback": failure["traceback"]}
    send_workflow_event(execinfo={**workflow, **error}, event="end")
    send_job_event(execinfo={**job, **error}, event="end")


main()
