"""Asks for files on IPFS from every node of the cluster, and tells how well each of them reaches the Internet.

    ray submit golem-cluster.yaml outbound-tester.py -- --requests 36 --no-keep-alive

With keep-alive a node asks everything over one connection; without it opens a new one for every request, which costs a
handshake each time. The program ends with code 1 if any answer was missing or was not the file that the URL names.
"""

import argparse
import base64
import hashlib
import http.client
import itertools
import sys
import time

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

HOST = "ipfs.io"

# The words of a sentence, each a file of its own.
CIDS = [
    "bafkreiemev2isidd7gk7352wxtqh6rwbuumt4vgnkkbx5wi6giaizt2bvq",
    "bafkreigks6arfsq3xxfpvqrrwonchxcnu6do76auprhhfomao6c273sixm",
    "bafkreifb7tsdmocu76eiz72lrz4hlvqayjuchecbfkgppgzx2cyrcsfq7i",
    "bafkreiaplag3id7ckuzs6eiwca3skuheddup7p7espat5omqv6r7m2byhi",
]


class CountedConnection(http.client.HTTPSConnection):
    """An HTTPS connection that knows how often it had to be opened."""

    opened = 0

    def connect(self):
        super().connect()
        self.opened += 1


def is_what_the_cid_names(cid, body):
    """A CID of this form (version 1, raw, SHA-256) is four bytes of prefix and the hash of the content, in base32."""
    encoded = cid[1:].upper()
    raw = base64.b32decode(encoded + "=" * (-len(encoded) % 8))
    return raw[4:] == hashlib.sha256(body).digest()


@ray.remote(num_cpus=0)
def probe(requests, keep_alive, timeout):
    """Runs on one node: so many requests, one after another."""
    connection = CountedConnection(HOST, timeout=timeout)
    good, failures, durations = 0, [], []
    for cid in itertools.islice(itertools.cycle(CIDS), requests):
        begun = time.perf_counter()
        try:
            connection.request("GET", f"/ipfs/{cid}")
            response = connection.getresponse()
            body = response.read()
            if response.status != 200:
                failures.append(f"status {response.status} for {cid}")
            elif not is_what_the_cid_names(cid, body):
                failures.append(f"other content than {cid} names")
            else:
                good += 1
        except (OSError, http.client.HTTPException) as error:
            failures.append(f"{type(error).__name__}: {error}")
            connection.close()
        durations.append(time.perf_counter() - begun)
        if not keep_alive:
            connection.close()
    connection.close()
    return {
        "node": ray.util.get_node_ip_address(),
        "good": good,
        "failures": failures,
        "connections": connection.opened,
        "milliseconds": 1000 * sum(durations) / len(durations),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=24, help="for every node (default: %(default)s)")
    parser.add_argument("--timeout", type=float, default=10, help="seconds for one request (default: %(default)s)")
    parser.add_argument("--keep-alive", action=argparse.BooleanOptionalAction, default=True)
    arguments = parser.parse_args()

    ray.init()
    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
    probes = [
        probe.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote(
            arguments.requests, arguments.keep_alive, arguments.timeout
        )
        for node in nodes
    ]
    failed = False
    for result in sorted(ray.get(probes), key=lambda result: result["node"]):
        print(
            f"{result['node']}: {result['good']} of {arguments.requests} good, "
            f"connections: {result['connections']}, {result['milliseconds']:.0f} ms a request"
        )
        for failure in result["failures"]:
            failed = True
            print(f"    {failure}")
    sys.exit(1 if failed else 0)


main()
