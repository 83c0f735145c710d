"""What `ray up` makes of cluster files, up to the first contact with a provider, and what it would trip over afterwards.

Arguments: cluster files. Prints JSON: for each file null, or the first exception. Everything that decides is Ray's or
ray-on-golem's own code, called in the order in which `ray up` calls it. Only what needs a network is taken out: the
webserver is not started, the SSH key is not made, the registry is not asked.
"""

import asyncio
import json
import logging
import os
import sys
import tempfile
from pathlib import Path

import yaml
from pydantic import BaseModel
from ray.autoscaler._private.providers import _NODE_PROVIDERS
from ray.autoscaler._private.util import hash_launch_conf, hash_runtime_conf, prepare_config, validate_config
from ray_on_golem.client import RayOnGolemClient
from ray_on_golem.ctl import RayOnGolemCtl
from ray_on_golem.provider import node_provider
from ray_on_golem.server.models import RequestNodesRequestData
from ray_on_golem.server.services.golem.helpers import DemandConfigHelper, ManagerStackNodeConfigHelper

logging.disable(logging.CRITICAL)


async def of_registry(self, image):
    return "http://registry.example/image.gvmi", "ab"


RayOnGolemCtl.start_webserver = lambda *_, **__: None
RayOnGolemClient.get_or_create_default_ssh_key = lambda *_: ("private", "public")
DemandConfigHelper._get_image_url_from_hash = of_registry
DemandConfigHelper._get_image_url_and_hash_from_tag = of_registry
node_provider.TMP_PATH = Path(tempfile.mkdtemp())

# `Url::port_or_known_default` of yagna's exe-unit (exe-unit/src/manifest.rs); no Python package has this rule.
PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443, "ftp": 21}


def at_once(text):
    """`create_or_update_cluster` and `_bootstrap_config` of ray/autoscaler/_private/commands.py."""
    config = yaml.safe_load(text)
    provider = _NODE_PROVIDERS[config["provider"]["type"]](config["provider"])
    assert provider is node_provider.GolemNodeProvider, f"{provider} is not ray-on-golem"
    config["cluster_name"]
    config = prepare_config(config)
    json.dumps([config], sort_keys=True)
    config = provider.fillout_available_node_types_resources(config)
    validate_config(config)
    return provider.bootstrap_config(config)


def requested(config):
    """What the webserver makes of the request for each node type (server/views.py, services/golem/manager_stack.py)."""
    for name, node_type in config["available_node_types"].items():
        sent = dict(
            cluster_name=config["cluster_name"],
            provider_parameters=config["provider"]["parameters"],
            node_config=node_type["node_config"],
            count=1,
            tags={},
        )
        request = RequestNodesRequestData.parse_raw(RequestNodesRequestData(**sent).json())
        node_config = request.node_config
        ManagerStackNodeConfigHelper.apply_budget_control_expected_usage({}, {}, node_config)
        ManagerStackNodeConfigHelper.apply_budget_control_hard_limits({}, node_config)
        node_config.budget_control.payment_interval_hours.minimal
        asyncio.run(DemandConfigHelper(True)._get_image_url_and_hash(node_config.demand))
        for url in node_config.demand.outbound_urls:
            assert url.port or url.scheme in PORTS, f"unknown port: {url}"


def when_rented(config):
    """`get_or_create_head_node` (commands.py:727-850) and the head's updater (updater.py:230)."""
    head = config["available_node_types"][config["head_node_type"]]
    hash_launch_conf(head["node_config"], config["auth"])
    hash_runtime_conf(config["file_mounts"], None, config)
    for key in "head_setup_commands", "head_start_ray_commands", "initialization_commands":
        config[key]
    if config.get("docker"):
        config["docker"]["container_name"]


def on_head(config):
    """The autoscaler on the head node (autoscaler.py:493,558,903,1049-1054,1243)."""
    60 * config["idle_timeout_minutes"]
    keys = "max_workers", "cluster_synced_files", "worker_setup_commands", "worker_start_ray_commands"
    for key in keys:
        config[key]
    for node_type in config["available_node_types"].values():
        node_type["resources"], node_type["node_config"]


def verdict(path):
    try:
        config = at_once(Path(path).read_text())
        requested(config)
        when_rented(config)
        on_head(config)
    except (Exception, SystemExit) as error:
        return f"{type(error).__name__}: {error}"
    return None


os.chdir(Path(sys.argv[1]).parent)
print(json.dumps({path: verdict(path) for path in sys.argv[1:]}))
