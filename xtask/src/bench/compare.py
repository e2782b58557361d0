"""Compares two states with deepdiff, keyed by address, and prints how much differs."""

import json
import sys

from deepdiff import DeepDiff


def keyed(path):
    with open(path, encoding="utf-8") as file:
        state = json.load(file)
    return {
        json.dumps(
            [
                resource.get("module"),
                resource["mode"],
                resource["type"],
                resource["name"],
                instance.get("index_key"),
                instance.get("deposed"),
            ]
        ): instance["attributes"]
        for resource in state["resources"]
        for instance in resource["instances"]
    }


difference = DeepDiff(keyed(sys.argv[1]), keyed(sys.argv[2]))
print({kind: len(items) for kind, items in difference.items()})
