//! Whether this machine can carry a localnet, and if not, why and what to do.
//!
//! May import `error`. Invariant: the answer comes from trying, in a process of its own; settings of the machine are
//! read only to explain a failure.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, getegid, geteuid};
use serde::{Deserialize, Serialize};

use super::namespaces::{IdMaps, sandbox_flags};
use super::{init, mounts};
use crate::error::{Error, Result};
use crate::exec::own_program::own_program;
use crate::localnet::{Unsupported, apparmor};

/// The step of the trial that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Trial {
    /// All went well.
    Passed,
    /// A user namespace, or the right to do anything in it.
    Namespaces(i32),
    /// A tmpfs in the new mount namespace.
    Tmpfs(i32),
    /// A proc of the new pid namespace.
    Proc(i32),
}

/// What of the machine explains a failure.
#[derive(Clone, Debug, Default)]
struct Settings {
    root: bool,
    apparmor_restricts: bool,
    clone_forbidden: bool,
    no_namespaces_left: bool,
    seccomp_filter: bool,
    /// The AppArmor profile that holds this process, if one does.
    confined_by: Option<String>,
}

impl Settings {
    fn read() -> Self {
        let sysctl = |name: &str| fs::read_to_string(format!("/proc/sys/{name}")).unwrap_or_default();
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        Self {
            root: geteuid().is_root(),
            apparmor_restricts: sysctl("kernel/apparmor_restrict_unprivileged_userns").trim() == "1",
            clone_forbidden: sysctl("kernel/unprivileged_userns_clone").trim() == "0",
            no_namespaces_left: sysctl("user/max_user_namespaces").trim() == "0",
            seccomp_filter: status.lines().any(|line| line.split_whitespace().eq(["Seccomp:", "2"])),
            confined_by: profile_in(&fs::read_to_string("/proc/self/attr/current").unwrap_or_default()),
        }
    }
}

/// The name of a profile that is enforced: `docker-default (enforce)`.
fn profile_in(attribute: &str) -> Option<String> {
    let name = attribute.trim().strip_suffix("(enforce)")?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// Why this machine's kernel refuses the localnet's namespaces; none if it does not. Takes well under a second.
pub fn namespaces() -> Option<Unsupported> {
    match try_elsewhere() {
        Ok(trial) => explain(&trial, &Settings::read()),
        Err(error) => Some(Unsupported {
            what: "a trial of namespaces".into(),
            why: error.message().into(),
            commands: vec!["golem-outbound doctor".into()],
            advice: Some("the program's own file must be executable".into()),
        }),
    }
}

/// Whether there can be a localnet on this system at all; the machine is asked later.
///
/// # Errors
/// Never, on Linux.
pub fn on_this_system() -> Result<()> {
    Ok(())
}

/// What this machine refuses; empty if the localnet can run.
pub fn support() -> Vec<Unsupported> {
    let mut refused: Vec<Unsupported> = namespaces().into_iter().collect();
    if which::which("ip").is_err() && !Path::new("/usr/sbin/ip").exists() && !Path::new("/sbin/ip").exists() {
        refused.push(Unsupported {
            what: "network interfaces for nodes".into(),
            why: "the program `ip` is missing".into(),
            commands: vec![as_root("apt-get install -y iproute2", geteuid().is_root())],
            advice: None,
        });
    }
    refused
}

fn try_elsewhere() -> Result<Trial> {
    let program = own_program()?;
    let output = Command::new(&program)
        .args(["__localnet", "trial"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .map_err(|e| Error::io("run", &program, e))?;
    serde_json::from_slice(&output.stdout)
        .map_err(|e| Error::internal(format!("the trial's answer cannot be read: {e}")))
}

/// Tries it in this process, which is of no use afterwards; single-threaded callers only.
pub fn try_here() -> Trial {
    let number = |errno: Errno| errno as i32;
    let maps = IdMaps::CallerIsRoot { user: geteuid().as_raw(), group: getegid().as_raw() };
    if let Err(errno) = unshare(CloneFlags::CLONE_NEWUSER) {
        return Trial::Namespaces(number(errno));
    }
    if maps.write_own().is_err() {
        return Trial::Namespaces(number(Errno::EPERM));
    }
    if let Err(errno) = unshare(sandbox_flags()) {
        return Trial::Namespaces(number(errno));
    }
    // SAFETY: the process has one thread, so the child may do anything.
    match unsafe { fork() } {
        Err(errno) => Trial::Namespaces(number(errno)),
        Ok(ForkResult::Parent { child }) => match waitpid(child, None).map(init::exit_code) {
            Ok(0) => Trial::Passed,
            Ok(1) => Trial::Tmpfs(number(Errno::EPERM)),
            _ => Trial::Proc(number(Errno::EPERM)),
        },
        Ok(ForkResult::Child) => {
            let code =
                match mounts::make_private().and_then(|()| mounts::tmpfs(Path::new("/tmp"), "size=64k")) {
                    Err(_) => 1,
                    Ok(()) => i32::from(mounts::proc(Path::new("/proc")).is_err()) * 2,
                };
            // SAFETY: a forked child ends here, without the parent's exit handlers.
            unsafe { nix::libc::_exit(code) }
        }
    }
}

fn explain(trial: &Trial, settings: &Settings) -> Option<Unsupported> {
    let (what, errno) = match trial {
        Trial::Passed => return None,
        Trial::Namespaces(errno) => ("user namespaces", errno),
        Trial::Tmpfs(errno) => ("mounts in a user namespace", errno),
        Trial::Proc(errno) => ("a new /proc", errno),
    };
    let found = reason(trial, settings).map(|Reason { why, command, advice }| (why, vec![command], advice));
    let unknown = || (format!("the kernel says {}", Errno::from_raw(*errno)), Vec::new(), None);
    let (why, commands, advice) = found.unwrap_or_else(unknown);
    Some(Unsupported { what: what.into(), why, commands, advice })
}

/// Why, and the way out.
struct Reason {
    why: String,
    command: String,
    advice: Option<String>,
}

/// A command that only root may run, as this user types it.
fn as_root(command: &str, root: bool) -> String {
    if root { command.to_owned() } else { format!("sudo {command}") }
}

fn reason(trial: &Trial, settings: &Settings) -> Option<Reason> {
    let setting = |why: &str, command: &str| {
        let command = as_root(command, settings.root);
        Some(Reason { why: why.into(), command, advice: None })
    };
    if settings.no_namespaces_left {
        return setting("user.max_user_namespaces is 0", "sysctl -w user.max_user_namespaces=15000");
    }
    if settings.clone_forbidden && !settings.root {
        return setting(
            "kernel.unprivileged_userns_clone is 0",
            "sysctl -w kernel.unprivileged_userns_clone=1",
        );
    }
    if settings.apparmor_restricts && !settings.root {
        return Some(apparmor());
    }
    if matches!(trial, Trial::Proc(_)) {
        let why = "parts of /proc are masked, as containers have";
        return Some(container(why, "--security-opt systempaths=unconfined"));
    }
    let why = match &settings.confined_by {
        // The filter stands before the profile.
        _ if settings.seccomp_filter => "a seccomp filter forbids it, as containers have".to_owned(),
        Some(profile) => format!("the AppArmor profile `{profile}` forbids it, as containers have"),
        None => return None,
    };
    let options = "--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt \
                   systempaths=unconfined";
    Some(container(&why, options))
}

fn container(why: &str, options: &str) -> Reason {
    Reason {
        why: why.into(),
        command: format!("docker run -it {options} IMAGE"),
        advice: Some("start the container anew, with other options, on the machine that runs it".into()),
    }
}

/// The remedy is a profile for this program alone.
fn apparmor() -> Reason {
    let setting = "kernel.apparmor_restrict_unprivileged_userns";
    let program = own_program().unwrap_or_else(|_| "golem-outbound".into());
    Reason {
        why: format!("AppArmor restricts unprivileged user namespaces ({setting} is 1)"),
        command: apparmor::install(&program),
        advice: Some(format!(
            "allow it for this program, or for all programs until the next boot: `sudo sysctl -w {setting}=0`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(trial: Trial, settings: Settings) -> Option<String> {
        explain(&trial, &settings).map(|refused| refused.why)
    }

    #[test]
    fn what_works_needs_no_reason() {
        let settings = Settings { apparmor_restricts: true, ..Settings::default() };
        assert_eq!(why(Trial::Passed, settings), None);
    }

    #[test]
    fn apparmor_is_named_with_its_remedy() {
        let settings = Settings { apparmor_restricts: true, ..Settings::default() };
        let refused = explain(&Trial::Namespaces(1), &settings).unwrap();
        assert!(refused.why.contains("kernel.apparmor_restrict_unprivileged_userns"), "{refused:?}");
        assert!(
            refused.commands[0].contains("doctor --apparmor-profile | sudo tee /etc/apparmor.d/"),
            "{refused:?}"
        );
        assert!(refused.detail().contains("sudo sysctl -w kernel.apparmor_restrict"), "{refused:?}");
    }

    #[test]
    fn a_profile_of_a_container_is_named() {
        let confined_by = profile_in("docker-default (enforce)\n");
        let settings = Settings { confined_by, root: true, ..Settings::default() };
        let why = why(Trial::Tmpfs(1), settings).unwrap();
        assert_eq!(why, "the AppArmor profile `docker-default` forbids it, as containers have");
        assert_eq!(profile_in("unconfined\n"), None);
        assert_eq!(profile_in("snap.code.code (complain)\n"), None);
    }

    #[test]
    fn a_limit_of_zero_comes_before_all_else() {
        let settings = Settings { no_namespaces_left: true, seccomp_filter: true, ..Settings::default() };
        assert_eq!(why(Trial::Namespaces(28), settings).unwrap(), "user.max_user_namespaces is 0");
    }

    #[test]
    fn root_is_not_stopped_by_what_is_for_others() {
        let settings =
            Settings { root: true, clone_forbidden: true, seccomp_filter: true, ..Settings::default() };
        assert!(why(Trial::Namespaces(1), settings).unwrap().contains("seccomp"));
    }

    #[test]
    fn every_remedy_is_a_line_that_a_shell_can_run() {
        let causes = [
            Settings { no_namespaces_left: true, ..Settings::default() },
            Settings { clone_forbidden: true, ..Settings::default() },
            Settings { apparmor_restricts: true, ..Settings::default() },
            Settings { seccomp_filter: true, ..Settings::default() },
            Settings::default(),
        ];
        for settings in causes {
            for command in explain(&Trial::Namespaces(1), &settings).unwrap().commands {
                assert!(!command.contains(['\n', '…']), "{command}");
                let checked = Command::new("sh").args(["-n", "-c", &command]).status().unwrap();
                assert!(checked.success(), "{command}");
            }
        }
    }

    #[test]
    fn whatever_is_refused_the_walk_without_a_localnet_is_offered() {
        for settings in [Settings { apparmor_restricts: true, ..Settings::default() }, Settings::default()] {
            let error = explain(&Trial::Namespaces(1), &settings).unwrap().into_error();
            assert!(
                error.hints().last().unwrap().ends_with("`golem-outbound run --network local`"),
                "{error}"
            );
        }
    }

    #[test]
    fn root_needs_no_sudo() {
        let settings = Settings { no_namespaces_left: true, root: true, ..Settings::default() };
        let refused = explain(&Trial::Namespaces(28), &settings).unwrap();
        assert_eq!(refused.commands, ["sysctl -w user.max_user_namespaces=15000"]);
    }

    #[test]
    fn a_masked_proc_is_told_from_a_filter() {
        let settings = Settings { seccomp_filter: true, ..Settings::default() };
        assert!(why(Trial::Proc(1), settings).unwrap().contains("/proc are masked"));
    }

    #[test]
    fn an_unknown_reason_is_the_kernels_own() {
        assert!(why(Trial::Namespaces(1), Settings::default()).unwrap().contains("EPERM"));
    }
}
