//! What `ray/autoscaler/ray-schema.json` of Ray 2.9.3 says, as tables.
//!
//! May import nothing of the house. Invariant: a key, a type or a limit stands here if and only if it stands there; what
//! Ray's code asks beyond its schema is said where the tables are used.

/// What a value must be. JSON Schema counts neither true nor false as a number, and `10.0` as a whole one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Any,
    Text,
    /// A text or nothing.
    TextOrNull,
    /// One of these texts.
    Word(&'static [&'static str]),
    Flag,
    Whole,
    WholeFromZero,
    NumberFromZero,
    List,
    /// A list of texts.
    Commands,
    Map,
    /// Any keys, each with such a value.
    Each(&'static Self),
    /// These keys.
    Keys(&'static Keys),
}

/// The keys of a mapping.
#[derive(Debug)]
pub(super) struct Keys {
    /// How a sentence says where they stand.
    pub(super) place: &'static str,
    pub(super) known: &'static [(&'static str, Shape)],
    /// Those that must be there.
    pub(super) required: &'static [&'static str],
    /// Whether others may stand beside them.
    pub(super) open: bool,
}

pub(super) const TOP: Keys = Keys {
    place: "at the top of the file",
    known: &[
        ("cluster_name", Shape::Text),
        ("max_workers", Shape::WholeFromZero),
        ("upscaling_speed", Shape::NumberFromZero),
        ("idle_timeout_minutes", Shape::NumberFromZero),
        ("provider", Shape::Keys(&PROVIDER)),
        ("auth", Shape::Keys(&AUTH)),
        ("docker", Shape::Keys(&DOCKER)),
        ("head_node_type", Shape::Text),
        ("file_mounts", Shape::Map),
        ("cluster_synced_files", Shape::List),
        ("file_mounts_sync_continuously", Shape::Flag),
        ("rsync_exclude", Shape::List),
        ("rsync_filter", Shape::List),
        ("metadata", Shape::Map),
        ("initialization_commands", Shape::Commands),
        ("setup_commands", Shape::Commands),
        ("head_setup_commands", Shape::Commands),
        ("worker_setup_commands", Shape::Commands),
        ("head_start_ray_commands", Shape::Commands),
        ("worker_start_ray_commands", Shape::Commands),
        ("no_restart", Shape::Any),
        ("available_node_types", Shape::Each(&Shape::Keys(&NODE_TYPE))),
        // Not in the schema: Ray and ray-on-golem take these out before it is asked (`util.py` `fillout_defaults`,
        // `node_provider.py` `fillout_available_node_types_resources`).
        ("min_workers", Shape::Any),
        ("head_node", Shape::Any),
        ("worker_nodes", Shape::Any),
    ],
    required: &[],
    open: false,
};

const PROVIDER: Keys = Keys {
    place: "in `provider`",
    known: &[
        ("type", Shape::Text),
        ("region", Shape::Text),
        ("module", Shape::Text),
        ("head_ip", Shape::Text),
        ("worker_ips", Shape::List),
        ("use_internal_ips", Shape::Flag),
        ("namespace", Shape::Text),
        ("location", Shape::Text),
        ("resource_group", Shape::Text),
        ("tags", Shape::Map),
        ("subscription_id", Shape::Text),
        ("msi_identity_id", Shape::Text),
        ("msi_identity_principal_id", Shape::Text),
        ("subnet_id", Shape::Text),
        ("autoscaler_service_account", Shape::Map),
        ("autoscaler_role", Shape::Map),
        ("autoscaler_role_binding", Shape::Map),
        ("cache_stopped_nodes", Shape::Flag),
        ("availability_zone", Shape::Text),
        ("project_id", Shape::TextOrNull),
        ("security_group", Shape::Keys(&SECURITY_GROUP)),
        ("disable_node_updaters", Shape::Flag),
        ("gcp_credentials", Shape::Keys(&GCP_CREDENTIALS)),
        ("cloudwatch", Shape::Any),
    ],
    required: &[],
    open: true,
};

const SECURITY_GROUP: Keys = Keys {
    place: "in `security_group`",
    known: &[("GroupName", Shape::Text), ("IpPermissions", Shape::List)],
    required: &[],
    open: false,
};

const GCP_CREDENTIALS: Keys = Keys {
    place: "in `gcp_credentials`",
    known: &[("type", Shape::Word(&["credentials_token", "service_account"])), ("credentials", Shape::Text)],
    required: &["type"],
    open: false,
};

const AUTH: Keys = Keys {
    place: "in `auth`",
    known: &[
        ("ssh_user", Shape::Text),
        ("ssh_public_key", Shape::Text),
        ("ssh_private_key", Shape::Text),
        ("ssh_proxy_command", Shape::Text),
    ],
    required: &[],
    open: false,
};

const DOCKER: Keys = Keys {
    place: "in `docker`",
    known: &[
        ("image", Shape::Text),
        ("container_name", Shape::Text),
        ("pull_before_run", Shape::Flag),
        ("run_options", Shape::List),
        ("head_image", Shape::Text),
        ("head_run_options", Shape::List),
        ("worker_image", Shape::Text),
        ("worker_run_options", Shape::List),
        ("disable_automatic_runtime_detection", Shape::Flag),
        ("disable_shm_size_detection", Shape::Flag),
        ("use_podman", Shape::Flag),
    ],
    required: &[],
    open: false,
};

const NODE_TYPE: Keys = Keys {
    place: "in a node type",
    known: &[
        ("node_config", Shape::Map),
        ("min_workers", Shape::Whole),
        ("max_workers", Shape::Whole),
        ("resources", Shape::Each(&Shape::WholeFromZero)),
        ("labels", Shape::Each(&Shape::Text)),
        ("initialization_commands", Shape::Commands),
        ("worker_setup_commands", Shape::Commands),
        ("docker", Shape::Keys(&DOCKER_OF_TYPE)),
    ],
    required: &["resources", "node_config"],
    open: false,
};

const DOCKER_OF_TYPE: Keys = Keys {
    place: "in a node type's `docker`",
    known: &[
        ("pull_before_run", Shape::Flag),
        ("worker_image", Shape::Text),
        ("worker_run_options", Shape::List),
    ],
    required: &[],
    open: false,
};
