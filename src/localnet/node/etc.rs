//! A node's /etc: public settings of the machine as copies, the rest as the image has it.
//!
//! May import `error` and `localnet::mirror`. Invariant: nothing that not everybody on the machine may read is copied.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::protocol::Plan;
use super::root::{link, write};
use crate::error::{Error, Result};
use crate::localnet::mirror::BUNDLE_VARIABLES;

/// Files and directories that programs of /usr expect; what is missing is left out.
const COPIED: [&str; 25] = [
    "alternatives",
    "bash.bashrc",
    "ca-certificates",
    "ca-certificates.conf",
    "debian_version",
    "host.conf",
    "inputrc",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "os-release",
    "pki/ca-trust/extracted",
    "pki/tls/certs",
    "profile",
    "protocols",
    "python3",
    "python3.10",
    "python3.11",
    "rpc",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
    "terminfo",
];

/// Where a node keeps the bundle that the localnet's CA is in.
const CA_BUNDLE: &str = "/etc/ssl/golem-ca-bundle.pem";

/// The object store of a node, in bytes: enough for the tutorial's texts, and many nodes share one machine.
const OBJECT_STORE_MEMORY: u64 = 200_000_000;

/// Writes the directory.
pub fn write_all(root: &Path, plan: &Plan) -> Result<()> {
    for name in COPIED {
        copy_public(&Path::new("/etc").join(name), &root.join("etc").join(name))?;
    }
    let Plan { hostname, address, .. } = plan;
    let files = [
        (
            "/etc/passwd",
            "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n".into(),
        ),
        ("/etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n".into()),
        ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n".into()),
        ("/etc/shells", "/bin/sh\n/bin/bash\n".into()),
        ("/etc/hostname", format!("{hostname}\n")),
        ("/etc/hosts", format!("127.0.0.1 localhost\n::1 localhost\n{address} {hostname}\n")),
        // yagna's runtime writes these two into every VM.
        ("/etc/resolv.conf", "nameserver 1.1.1.1\nnameserver 8.8.8.8\n".into()),
        ("/etc/environment", environment(plan)),
    ];
    for (path, text) in files {
        write(root, path, 0o644, &text)?;
    }
    link(Path::new("/proc/mounts"), &root.join("etc/mtab"))?;
    if let Some(bundle) = &plan.ca_bundle {
        let text = fs::read_to_string(bundle).map_err(|e| Error::io("read", bundle, e))?;
        write(root, CA_BUNDLE, 0o644, &text)?;
    }
    Ok(())
}

/// What every login of a node sees: Ray's view of the resources that the offer advertises, and the CA.
fn environment(plan: &Plan) -> String {
    let memory = plan.memory.max(OBJECT_STORE_MEMORY) - OBJECT_STORE_MEMORY / 2;
    let resources = serde_json::json!({
        "CPU": plan.cpus, "memory": memory, "object_store_memory": OBJECT_STORE_MEMORY,
    });
    let mut text = format!(
        "RAY_OVERRIDE_RESOURCES={resources}\nRAY_memory_monitor_refresh_ms=0\nAUTOSCALER_UPDATE_INTERVAL_S=2\n\
         RAY_USAGE_STATS_ENABLED=0\n"
    );
    if plan.ca_bundle.is_some() {
        for name in BUNDLE_VARIABLES {
            text.push_str(&format!("{name}={CA_BUNDLE}\n"));
        }
    }
    text
}

/// Copies files that everybody may read, links as links; what is missing or cannot be read is left out.
fn copy_public(from: &Path, to: &Path) -> Result<()> {
    let Ok(data) = fs::symlink_metadata(from) else { return Ok(()) };
    let failed = |e| Error::io("copy", from, e);
    if let Some(above) = to.parent() {
        fs::create_dir_all(above).map_err(failed)?;
    }
    if data.is_symlink() {
        let target = fs::read_link(from).map_err(failed)?;
        return link(&target, to);
    }
    if data.permissions().mode() & 0o004 == 0 {
        return Ok(());
    }
    if data.is_dir() {
        fs::create_dir_all(to).map_err(failed)?;
        for entry in fs::read_dir(from).map_err(failed)?.flatten() {
            copy_public(&entry.path(), &to.join(entry.file_name()))?;
        }
    } else if data.is_file() {
        fs::copy(from, to).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            hostname: "node-192-168-0-3".into(),
            address: [192, 168, 0, 3].into(),
            program: "/p".into(),
            venv: "/v".into(),
            ca_bundle: Some("/ca".into()),
            cpus: 2,
            memory: 4_000_000_000,
        }
    }

    #[test]
    fn ray_sees_what_the_offer_advertises() {
        let text = environment(&plan());
        let line = text.lines().next().unwrap();
        let json = line.strip_prefix("RAY_OVERRIDE_RESOURCES=").unwrap();
        let resources: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(resources["CPU"], 2);
        assert_eq!(resources["memory"], 3_900_000_000_u64);
        assert!(text.contains("PIP_CERT=/etc/ssl/golem-ca-bundle.pem"));
    }

    #[test]
    fn secrets_are_not_copied() {
        let root = tempfile::tempdir().unwrap();
        let from = root.path().join("from");
        fs::create_dir(&from).unwrap();
        for (name, mode) in [("public", 0o644), ("secret", 0o640)] {
            fs::write(from.join(name), name).unwrap();
            fs::set_permissions(from.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        let to = root.path().join("to");
        copy_public(&from, &to).unwrap();
        assert!(to.join("public").exists() && !to.join("secret").exists());
    }
}
