//! What the supervisor and a node's agent say to each other: lines of JSON over a socket pair.
//!
//! May import nothing of the house. Invariant: the agent speaks first (`unshared`, `ready`), then answers one request
//! at a time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::localnet::exe_unit::RunOutput;

/// What a node is made from; travels as an argument, so it holds no secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The host name.
    pub hostname: String,
    /// The address in the VPN.
    pub address: std::net::Ipv4Addr,
    /// This program's file.
    pub program: std::path::PathBuf,
    /// The project's virtual environment.
    pub venv: std::path::PathBuf,
    /// Certificate authorities to trust, a file that exists.
    pub ca_bundle: Option<std::path::PathBuf>,
    /// CPUs that Ray is to see.
    pub cpus: u32,
    /// Memory that Ray is to see, in bytes.
    pub memory: u64,
}

/// From a node.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum FromNode {
    /// The namespaces exist.
    Unshared,
    /// The node can run programs.
    Ready,
    /// The node cannot be made.
    Failed(String),
    /// A program has ended.
    Ended(Ended),
    /// A program could not be started.
    Refused(String),
}

/// To a node.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum ToNode {
    /// Run a program and capture its output.
    Run {
        /// The program.
        program: String,
        /// Its arguments.
        args: Vec<String>,
    },
}

/// A program's outcome; output need not be text, so it travels as base64.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

impl From<RunOutput> for Ended {
    fn from(output: RunOutput) -> Self {
        let (stdout, stderr) = (STANDARD.encode(output.stdout), STANDARD.encode(output.stderr));
        Self { code: output.code, stdout, stderr }
    }
}

impl TryFrom<Ended> for RunOutput {
    type Error = base64::DecodeError;

    fn try_from(ended: Ended) -> Result<Self, Self::Error> {
        let (stdout, stderr) = (STANDARD.decode(ended.stdout)?, STANDARD.decode(ended.stderr)?);
        Ok(Self { code: ended.code, stdout, stderr })
    }
}

/// One message as a line.
pub fn line(message: &impl Serialize) -> std::io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_that_is_no_text_survives() {
        let output = RunOutput { code: 137, stdout: vec![0, 255, b'\n'], stderr: b"x".to_vec() };
        let line = line(&FromNode::Ended(output.into())).unwrap();
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        let Ok(FromNode::Ended(ended)) = serde_json::from_slice(&line) else { panic!("not ended") };
        let output = RunOutput::try_from(ended).unwrap();
        assert_eq!((output.code, output.stdout, output.stderr), (137, vec![0, 255, b'\n'], b"x".to_vec()));
    }
}
