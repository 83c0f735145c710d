//! The generated golem-cluster.yaml against those who read it: Ray's schema check and ray-on-golem's models.

use std::process::Command;

use golem_outbound::scaffold::{Answers, new_project};

/// Ray's own validation, the keys that Ray needs only after a node is rented, and ray-on-golem's own models for the provider's
/// parameters and for what each node type asks of the market.
const READ: &str = r"
import json, sys, yaml
from pathlib import Path
from ray.autoscaler._private.util import prepare_config, validate_config
from ray_on_golem.server.models import ProviderParametersData, NodeConfigData
from ray_on_golem.provider.node_provider import GolemNodeProvider

config = yaml.safe_load(Path(sys.argv[1]).read_text())
for key in ('file_mounts', 'initialization_commands', 'head_start_ray_commands', 'worker_start_ray_commands',
            'idle_timeout_minutes', 'setup_commands', 'cluster_synced_files'):
    assert key in config, key
# What `ray up` does, in its order, up to the first contact with a network.
config = GolemNodeProvider.fillout_available_node_types_resources(prepare_config(config))
validate_config(config)
GolemNodeProvider._apply_config_defaults(config)
ProviderParametersData(**config['provider']['parameters'])
for kind, node in config['available_node_types'].items():
    NodeConfigData(**node['node_config'])
head = config['available_node_types']['ray.head.default']['node_config']
print(json.dumps(head['demand']['outbound_urls']))
";

fn read(definitions: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut answers = Answers::default();
    for definition in definitions {
        answers.define(definition).unwrap();
    }
    let project = new_project(&folder.path().join("x"), &answers).unwrap();
    let output = Command::new(crate::python_env::python())
        .args(["-c", READ])
        .arg(project.cluster_file())
        .env("HOME", folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{definitions:?}:\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().last().unwrap().to_owned()
}

#[test]
fn ray_and_ray_on_golem_accept_the_default_file() {
    assert_eq!(read(&[]), r#"["https://ipfs.io", "https://dl.dropboxusercontent.com"]"#);
}

#[test]
fn they_accept_it_with_every_value_set() {
    let urls = read(&[
        "cluster_name=other",
        "payment_network=polygon",
        "image_tag=golem/ray-on-golem:0.12.1-py3.10.13-ray2.9.3",
        "download_urls=https://a.io/x https://b.io:8443/y",
        "dropbox=https://www.dropbox.com/scl/fi/a/b.txt?rlkey=k&dl=0",
        "extra_outbound_urls=wss://c.io",
        "pip_packages=numpy pandas==2.2.3",
        "workers=0",
        "budget=0.5",
    ]);
    assert_eq!(
        urls,
        r#"["https://a.io", "https://b.io:8443", "https://dl.dropboxusercontent.com", "https://pypi.dev.golem.network", "wss://c.io"]"#
    );
}
