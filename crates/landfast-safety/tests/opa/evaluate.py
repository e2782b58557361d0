"""Evaluates jobs in the real OPA: JSON in, JSON out. See tests/it/live.rs."""

import json
import sys

from opa_bindings.engine import OpaEngine, OpaError, OpaUndefinedError


def evaluate(job):
    with OpaEngine() as engine:
        try:
            for name, text in job["policies"]:
                engine.add_policy(name, text)
            if job.get("data"):
                engine.add_data(job["data"])
            return engine.eval_document(job["document"], job["input"])
        except OpaUndefinedError:
            return None
        except OpaError as error:
            return {"error": str(error)}


json.dump([evaluate(job) for job in json.load(sys.stdin)], sys.stdout)
