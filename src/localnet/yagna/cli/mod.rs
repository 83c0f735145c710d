//! yagna's command line: the part of it that ray-on-golem and its users type, over the control socket.
//!
//! May import `error`, `localnet::{control, market}`. Invariant: machine output has the real one's shape; output for people
//! says `simulated`; no output but `app-key` shows a key.

mod output;
mod service;
mod table;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::error::Result;
use crate::localnet::control::{Reply, Request, ask, socket_path};
use crate::localnet::market::platform::{DEFAULT_NETWORK, DRIVER, NETWORKS};

/// Golem network server (simulated by the localnet of golem-outbound).
#[derive(Debug, Parser)]
#[command(name = "yagna", version = concat!(env!("CARGO_PKG_VERSION"), " (simulated)"))]
struct Cli {
    /// Return results in JSON format.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Core service usage.
    #[command(subcommand)]
    Service(Service),
    /// Application keys management.
    #[command(subcommand)]
    AppKey(AppKey),
    /// Payment management.
    #[command(subcommand)]
    Payment(Payment),
    /// Identity management.
    #[command(subcommand)]
    Id(Id),
    /// Version.
    #[command(subcommand)]
    Version(Version),
}

#[derive(Debug, Subcommand)]
enum Version {
    /// Shows the version.
    Show,
}

#[derive(Debug, Subcommand)]
enum Service {
    /// Runs until it is told to stop.
    Run,
}

#[derive(Debug, Subcommand)]
enum AppKey {
    /// Lists application keys.
    List,
    /// Creates an application key.
    Create {
        /// The key's name.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
enum Payment {
    /// Asks for tGLM: the simulated wallet is always funded.
    Fund(Account),
    /// Displays the account's balance.
    Status(Account),
    /// Payment drivers.
    #[command(subcommand)]
    Driver(Driver),
}

#[derive(Debug, Subcommand)]
enum Driver {
    /// Lists drivers, networks, tokens and platforms.
    List,
}

#[derive(Debug, Args)]
struct Account {
    /// Payment network.
    #[arg(long, default_value = DEFAULT_NETWORK, value_parser = NETWORKS.map(|network| network.name))]
    network: String,
    /// Payment driver.
    #[arg(long, default_value = DRIVER, value_parser = [DRIVER])]
    driver: String,
}

#[derive(Debug, Subcommand)]
enum Id {
    /// Lists all identities.
    List,
    /// Shows the identity.
    Show,
}

/// The program under the name `yagna`.
pub fn yagna_command() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            // Help and version go to stdout with 0, anything else to stderr with 1, as the real one does.
            let code = u8::from(usage.use_stderr());
            let _ = usage.print();
            return ExitCode::from(code);
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(1)
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    let request = match cli.command {
        Command::Version(Version::Show) => {
            output::version(cli.json);
            return Ok(());
        }
        Command::Service(Service::Run) => return service::run(&socket_path()?),
        Command::AppKey(AppKey::List) => Request::AppKeyList,
        Command::AppKey(AppKey::Create { name }) => {
            let reply = ask(&socket_path()?, &Request::AppKeyCreate { name })?;
            return output::created_key(&reply, cli.json);
        }
        Command::Payment(Payment::Fund(account)) => {
            let reply = ask(&socket_path()?, &Request::PaymentFund { network: account.network })?;
            return output::funded(&reply);
        }
        Command::Payment(Payment::Status(account)) => Request::PaymentStatus { network: account.network },
        Command::Payment(Payment::Driver(Driver::List)) => Request::PaymentDriverList,
        Command::Id(Id::List) => Request::IdList,
        Command::Id(Id::Show) => {
            let reply = ask(&socket_path()?, &Request::IdList)?;
            return output::identity(&reply, cli.json);
        }
    };
    let reply: Reply = ask(&socket_path()?, &request)?;
    output::print(&reply, cli.json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::error::ErrorKind;

    #[test]
    fn what_ray_on_golem_calls_is_understood() {
        for line in [
            "yagna service run",
            "yagna app-key list --json",
            "yagna app-key create ray-on-golem --json",
            "yagna payment fund --network hoodi --driver erc20",
            "yagna payment status --network polygon --driver erc20 --json",
            "yagna payment driver list --json",
            "yagna id list --json",
            "yagna version show",
        ] {
            Cli::try_parse_from(line.split(' ')).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }

    #[test]
    fn what_is_not_emulated_is_a_usage_error() {
        let error = Cli::try_parse_from(["yagna", "net", "status"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSubcommand);
        assert!(error.use_stderr());
        let error = Cli::try_parse_from(["yagna", "payment", "status", "--network", "moonbase"]).unwrap_err();
        assert!(error.to_string().contains("holesky"), "{error}");
    }
}
