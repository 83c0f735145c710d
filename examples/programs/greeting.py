"""Uses on every node a package that the image does not have: `initialization_commands` installs it.

    ray submit golem-cluster.yaml greeting.py
"""

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy


@ray.remote(num_cpus=0)
def greet():
    # Imported where it is installed: your own machine need not have it.
    from golem_outbound_greeting import greeting

    return greeting(ray.util.get_node_ip_address())


def main():
    ray.init()
    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
    greetings = [
        greet.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote() for node in nodes
    ]
    print(*sorted(ray.get(greetings)), sep="\n")


main()
