"""A notebook in which all nodes write: an actor, which is an object that lives on one node and remembers.

    ray submit golem-cluster.yaml actor.py

Tasks have no memory of each other. The actor has: every task is handed it, and calls its methods from wherever the task
runs. Calls come one at a time, so that no entry is lost.
"""

import argparse

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy


@ray.remote(num_cpus=0)
class Notebook:
    """Counts who wrote how often, and adds up the numbers."""

    def __init__(self):
        self.total = 0
        self.entries = {}

    def write(self, author, number):
        self.total += number
        self.entries[author] = self.entries.get(author, 0) + 1
        return self.total

    def read(self):
        return ray.util.get_node_ip_address(), self.total, self.entries


@ray.remote(num_cpus=0)
def author(notebook, numbers):
    me = ray.util.get_node_ip_address()
    totals = [ray.get(notebook.write.remote(me, number)) for number in numbers]
    return totals == sorted(totals)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=10, help="of every node (default: %(default)s)")
    arguments = parser.parse_args()

    ray.init()
    notebook = Notebook.remote()
    numbers = list(range(1, arguments.entries + 1))
    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
    authors = [
        author.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote(notebook, numbers)
        for node in nodes
    ]
    grew = all(ray.get(authors))
    home, total, entries = ray.get(notebook.read.remote())
    print(f"the notebook is on {home}; it only grew: {grew}")
    for node, count in sorted(entries.items()):
        print(f"    {node} wrote {count} times")
    print(f"total {total}, expected {len(nodes) * sum(numbers)}")


main()
