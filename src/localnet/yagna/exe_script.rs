//! ExeScripts: the JSON list of commands that an activity is given.
//!
//! May import nothing of the house. Invariant: a command that the emulation does not know is refused, never skipped.

use std::net::Ipv4Addr;

use serde_json::Value;

use super::net::prefix_of;

/// A command of an ExeScript.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Prepares the node, in a VPN or alone.
    Deploy(Option<DeployNet>),
    /// Boots the node.
    Start,
    /// Runs one program.
    Run {
        /// The program.
        program: String,
        /// Its arguments.
        args: Vec<String>,
    },
    /// Ends the node.
    Terminate,
}

/// The node's place in a VPN.
#[derive(Clone, Debug, PartialEq)]
pub struct DeployNet {
    /// The network's id.
    pub network: String,
    /// The node's address.
    pub ip: Ipv4Addr,
    /// Of the network's mask.
    pub prefix: u8,
}

/// Reads a script.
///
/// # Errors
/// Says in the requestor's words what cannot be read or done.
pub fn parse(text: &str) -> Result<Vec<Command>, String> {
    let script: Vec<Value> = serde_json::from_str(text).map_err(|error| format!("Bad request: {error:?}"))?;
    script.iter().map(command).collect()
}

fn command(command: &Value) -> Result<Command, String> {
    let object = command.as_object().filter(|object| object.len() == 1);
    let Some((name, arguments)) = object.and_then(|object| object.iter().next()) else {
        return Err(format!("invalid ExeScript command: {command}"));
    };
    match name.as_str() {
        "deploy" => Ok(Command::Deploy(deploy_net(arguments)?)),
        "start" => Ok(Command::Start),
        "run" => run(arguments),
        "terminate" => Ok(Command::Terminate),
        other => Err(format!("ExeScript command `{other}` is not supported by the simulated runtime")),
    }
}

fn deploy_net(arguments: &Value) -> Result<Option<DeployNet>, String> {
    let Some(net) = arguments["net"].get(0) else { return Ok(None) };
    let text = |name: &str| net[name].as_str().unwrap_or_default();
    let ip = text("nodeIp").parse().map_err(|_| format!("invalid `nodeIp` in deploy: {}", net["nodeIp"]))?;
    let prefix =
        prefix_of(text("mask")).ok_or_else(|| format!("invalid `mask` in deploy: {}", net["mask"]))?;
    Ok(Some(DeployNet { network: text("id").to_owned(), ip, prefix }))
}

/// `{"entry_point", "args"}`, or the shell form: `"run": "echo hi"`, `"run": {"shell": …}`.
fn run(arguments: &Value) -> Result<Command, String> {
    let shell = |line: &str| Command::Run { program: "/bin/sh".into(), args: vec!["-c".into(), line.into()] };
    if let Some(line) = arguments.as_str().or_else(|| arguments["shell"].as_str()) {
        return Ok(shell(line));
    }
    let Some(program) = arguments["entry_point"].as_str() else {
        return Err("`run` without `entry_point`".to_owned());
    };
    let args = arguments["args"].as_array().map(Vec::as_slice).unwrap_or_default();
    let args: Option<Vec<String>> = args.iter().map(|arg| arg.as_str().map(str::to_owned)).collect();
    let args = args.ok_or_else(|| "`run` with an argument that is not a string".to_owned())?;
    Ok(Command::Run { program: program.to_owned(), args })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_deploy_puts_the_node_into_the_vpn() {
        let recorded: Vec<Value> = serde_json::from_str(include_str!("recorded.json")).unwrap();
        let exec = recorded.iter().find(|pair| pair["req"] == "POST /activity-api/v1/activity/{id}/exec 200");
        let script = exec.unwrap()["body"]["text"].as_str().unwrap();
        let net = DeployNet {
            network: "bee6eeb583b546b9b71e9968ca5b88ae".into(),
            ip: Ipv4Addr::new(192, 168, 0, 3),
            prefix: 16,
        };
        assert_eq!(parse(script).unwrap(), [Command::Deploy(Some(net))]);
    }

    #[test]
    fn both_forms_of_run_are_read() {
        let run = |program: &str, args: &[&str]| Command::Run {
            program: program.into(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        };
        assert_eq!(
            parse(r#"[{"start":{}},{"run":{"entry_point":"/bin/ls","args":["-l"],"capture":{}}},{"run":"echo hi"}]"#)
                .unwrap(),
            [Command::Start, run("/bin/ls", &["-l"]), run("/bin/sh", &["-c", "echo hi"])]
        );
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        for script in
            ["", "{}", "[1]", r#"[{"transfer":{}}]"#, r#"[{"run":{}}]"#, r#"[{"deploy":{"net":[{}]}}]"#]
        {
            assert!(parse(script).is_err(), "{script}");
        }
    }
}
