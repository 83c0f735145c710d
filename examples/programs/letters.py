"""Reads on every node the files that `file_mounts` brought there, and leaves a report on the head node.

    ray submit golem-cluster.yaml letters.py
    ray rsync-down golem-cluster.yaml /root/replies/ ./replies/

The second command brings the report home.
"""

import json
import pathlib

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

LETTERS = pathlib.Path("/root/letters")
REPLIES = pathlib.Path("/root/replies")


@ray.remote(num_cpus=0)
def count_words():
    """The number of words of every letter that is on this node."""
    words = {letter.name: len(letter.read_text().split()) for letter in LETTERS.glob("*.txt")}
    return ray.util.get_node_ip_address(), words


def main():
    ray.init()
    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
    counts = dict(
        ray.get(
            [
                count_words.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote()
                for node in nodes
            ]
        )
    )
    # `ray submit` runs this part on the head node, so that is where the file is written.
    REPLIES.mkdir(exist_ok=True)
    (REPLIES / "words.json").write_text(json.dumps(counts, indent=2, sort_keys=True) + "\n")
    for node, words in sorted(counts.items()):
        print(f"{node}: {sum(words.values())} words in {len(words)} letters")


main()
