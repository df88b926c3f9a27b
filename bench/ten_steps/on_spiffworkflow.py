"""SpiffWorkflow: a workflow of ten tasks in a row, with the journey as its data; it has no store, so each
step is loaded from, and put into, the plainest one. A loop goes step by step over all journeys."""

import sys
import tempfile

from journey import COUNT, done, journeys, ready, walk
from plain_store import PlainStore
from SpiffWorkflow.specs.Simple import Simple
from SpiffWorkflow.specs.WorkflowSpec import WorkflowSpec
from SpiffWorkflow.util.task import TaskState
from SpiffWorkflow.workflow import Workflow


def spec() -> WorkflowSpec:
    """Ten tasks that are run by hand, one behind the other."""
    made = WorkflowSpec(name="ten", addstart=True)
    last = made.start
    for number in range(COUNT):
        task = Simple(made, f"step_{number}", manual=True)
        last.connect(task)
        last = task
    return made


def main(count: int) -> None:
    every = journeys(count)
    of_all = spec()
    with tempfile.TemporaryDirectory() as folder:
        store = PlainStore(folder)
        ready()
        for journey in every:
            workflow = Workflow(of_all)
            workflow.data["journey"] = journey
            workflow.run_all()
            store.put(journey["id"], workflow)
        for _ in range(COUNT):
            for each in every:
                workflow = store.take(each["id"])
                task = next(iter(workflow.get_tasks(state=TaskState.READY)))
                walk(workflow.data["journey"], int(task.task_spec.name.rpartition("_")[2]))
                task.run()
                store.put(each["id"], workflow)
        ended = [store.take(each["id"]) for each in every]
        assert all(workflow.is_completed() for workflow in ended)
        done([workflow.data["journey"] for workflow in ended])


main(int(sys.argv[1]))
