"""Gives the cluster more to do than the head node can do soon, and tells who did how much of it.

    ray submit growing-cluster.yaml simple-task.py -- --count 400

Every task takes one processor for a moment. While tasks wait, Ray's autoscaler rents workers, up to `max_workers`; when
they have had nothing to do for `idle_timeout_minutes`, it gives them back.
"""

import argparse
import collections
import time

import ray


@ray.remote(num_cpus=1)
def work(seconds):
    """One piece of work; the answer is where it was done."""
    time.sleep(seconds)
    return ray.util.get_node_ip_address()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100, help="tasks (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=0.3, help="for each (default: %(default)s)")
    arguments = parser.parse_args()

    ray.init()
    begun = time.monotonic()
    waiting = [work.remote(arguments.seconds) for _ in range(arguments.count)]
    done = collections.Counter()
    while waiting:
        finished, waiting = ray.wait(waiting, num_returns=1)
        for node in ray.get(finished):
            if node not in done:
                print(f"{node} began to work after {time.monotonic() - begun:.0f} s", flush=True)
            done[node] += 1

    print(f"{sum(done.values())} tasks done by {len(done)} nodes in {time.monotonic() - begun:.0f} s")
    for node, tasks in sorted(done.items()):
        print(f"    {node}: {tasks}")


main()
