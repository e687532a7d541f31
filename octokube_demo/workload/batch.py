"""Runs Jobs to their end, and CronJobs at their time."""

from __future__ import annotations

from octokube_demo.objects import Object, is_deleting, owner_reference
from octokube_demo.workload import podstates
from octokube_demo.workload.cronlines import is_due
from octokube_demo.workload.events import EventRecorder
from octokube_demo.workload.templates import managed_by
from octokube_demo.workload.world import World


class Jobs:
    """The Job controller."""

    def __init__(self, world: World, events: EventRecorder) -> None:
        self._world = world
        self._events = events

    def reconcile(self, value: Object) -> None:
        """Starts missing pods, counts ended ones, and closes the job."""
        if is_deleting(value) or (value["spec"].get("suspend")):
            return
        world = self._world
        if any(one["status"] == "True" for one in (value.get("status") or {}).get("conditions") or ()):
            return
        pods = world.owned(value, "pods")
        phases = [(pod.get("status") or {}).get("phase") for pod in pods]
        succeeded, failed = phases.count("Succeeded"), phases.count("Failed")
        active = sum(podstates.is_active(pod) for pod in pods)
        completions = int(value["spec"].get("completions") or 1)
        is_failed = failed > int(value["spec"].get("backoffLimit", 6))
        missing = min(int(value["spec"].get("parallelism", 1)), completions - succeeded) - active
        if not is_failed:
            for _ in range(max(0, missing)):
                name = world.pod_name(value)
                pod = podstates.new_pod(
                    value["spec"]["template"], value, name, world.time(), {"job-name": value["metadata"]["name"]}
                )
                world.store.insert("pods", pod)
                active += 1
                self._events.record(value, "SuccessfulCreate", f"Created pod: {name}", component="job-controller")
        self._write_status(value, active, succeeded, failed, is_failed=is_failed, is_complete=succeeded >= completions)

    def _write_status(
        self, value: Object, active: int, succeeded: int, failed: int, *, is_failed: bool, is_complete: bool
    ) -> None:
        world = self._world
        time = world.time()
        before = value.get("status") or {}
        status: Object = {"startTime": before.get("startTime", time), "ready": active}
        counts = {"active": active, "succeeded": succeeded, "failed": failed}
        status |= {field: number for field, number in counts.items() if number}
        if is_complete or is_failed:
            kind = "Complete" if is_complete else "Failed"
            condition = {"type": kind, "status": "True", "lastProbeTime": time, "lastTransitionTime": time}
            if is_complete:
                status["completionTime"] = time
                self._events.record(value, "Completed", "Job completed", component="job-controller")
            else:
                condition |= {
                    "reason": "BackoffLimitExceeded",
                    "message": "Job has reached the specified backoff limit",
                }
            status["conditions"] = [condition]
        world.set_status("jobs.batch", value, status)


class CronJobs:
    """The CronJob controller: looks once a minute."""

    def __init__(self, world: World, events: EventRecorder) -> None:
        self._world = world
        self._events = events
        self._last_minute = ""

    def tick(self) -> None:
        """Starts the jobs of this minute, once; call it more often than that."""
        moment = self._world.now()
        minute = moment.strftime("%Y-%m-%dT%H:%M")
        if minute == self._last_minute:
            return
        self._last_minute = minute
        for cron in self._world.store.values("cronjobs.batch"):
            if not cron["spec"].get("suspend") and is_due(cron["spec"].get("schedule", ""), moment):
                self.start_job(cron)

    def start_job(self, cron: Object) -> None:
        """Starts one job of a CronJob, unless one still runs and it forbids two."""
        world = self._world
        jobs = world.owned(cron, "jobs.batch")
        running = [one for one in jobs if not (one.get("status") or {}).get("conditions")]
        if is_deleting(cron) or (running and cron["spec"].get("concurrencyPolicy") == "Forbid"):
            return
        self._forget_oldest(cron, jobs)
        job = new_job(cron, f"{cron['metadata']['name']}-{world.random.randrange(10**7, 10**8)}", world.time())
        job = world.store.insert("jobs.batch", job)
        text = f"Created job {job['metadata']['name']}"
        self._events.record(cron, "SuccessfulCreate", text, component="cronjob-controller")
        active = [
            {"apiVersion": "batch/v1", "kind": "Job", "namespace": one["metadata"]["namespace"]}
            | {"name": one["metadata"]["name"], "uid": one["metadata"]["uid"]}
            for one in (*running, job)
        ]
        world.set_status("cronjobs.batch", cron, {"active": active, "lastScheduleTime": world.time()})

    def reconcile(self, cron: Object) -> None:
        """Takes ended jobs off the list of active ones."""
        status = cron.get("status") or {}
        still = []
        last_success = status.get("lastSuccessfulTime")
        for entry in status.get("active") or ():
            job = self._world.store.peek("jobs.batch", entry["namespace"], entry["name"])
            if job is None:
                continue
            if not (job.get("status") or {}).get("conditions"):
                still.append(entry)
            elif job["status"].get("completionTime"):
                last_success = job["status"]["completionTime"]
        new = {field: part for field, part in status.items() if field != "active"}
        if still:
            new["active"] = still
        if last_success:
            new["lastSuccessfulTime"] = last_success
        self._world.set_status("cronjobs.batch", cron, new)

    def _forget_oldest(self, cron: Object, jobs: list[Object]) -> None:
        for kind, field in (("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")):
            ended = [
                one
                for one in jobs
                if any(condition["type"] == kind for condition in (one.get("status") or {}).get("conditions") or ())
            ]
            ended.sort(key=lambda one: str(one["metadata"]["creationTimestamp"]))
            for one in ended[: max(0, len(ended) - int(cron["spec"].get(field, 3)) + 1)]:
                self._world.store.remove("jobs.batch", (one["metadata"]["namespace"], one["metadata"]["name"]))


def new_job(cron: Object, name: str, time: str) -> Object:
    """A Job of a CronJob."""
    template = cron["spec"]["jobTemplate"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": cron["metadata"]["namespace"],
            "generation": 1,
            "creationTimestamp": time,
            "labels": (template.get("metadata") or {}).get("labels") or {},
            "ownerReferences": [owner_reference(cron)],
            "managedFields": managed_by("kube-controller-manager", "batch/v1", time, *template["spec"]),
        },
        "spec": {
            "parallelism": 1,
            "completions": 1,
            "backoffLimit": 2,
            "suspend": False,
            "selector": {"matchLabels": {"job-name": name}},
            **template["spec"],
        },
        "status": {},
    }
