//! `golem-outbound localnet status`: what a localnet is made of now, as text and as JSON.
//!
//! May import everything but `cli`. Invariant: both forms say that it is simulated; `docs/localnet.md` documents the JSON,
//! whose `format` is raised when a field goes or changes its meaning.

use std::fmt::Write as _;

use super::paragraph::fill;
use crate::error::{Error, Result};
use crate::localnet::control::{self, MarketCounters};
use crate::localnet::{ContentMode, Status};

/// The version of the JSON.
const FORMAT: u32 = 1;

#[derive(serde::Serialize)]
struct Versioned<'a> {
    format: u32,
    running: bool,
    #[serde(flatten)]
    status: &'a Status,
}

/// For programs.
pub fn json(status: &Status) -> Result<String> {
    let versioned = Versioned { format: FORMAT, running: status.state.is_some(), status };
    serde_json::to_string_pretty(&versioned)
        .map_err(|error| Error::internal(format!("failed to write the status as JSON: {error}")))
}

/// For people, in lines of `width` columns.
pub fn text(status: &Status, width: usize) -> String {
    if status.ending {
        return line("localnet", "ending: the kernel takes down what is left of it", width)
            + &*line("directory", &status.dir.display().to_string(), width);
    }
    let Some(state) = &status.state else {
        return line("localnet", "down", width)
            + &*line("directory", &status.dir.display().to_string(), width)
            + &*line("start it", "`golem-outbound localnet up`", width);
    };
    let mut text = line("localnet", &format!("up ({})", status.network), width);
    text += &line("directory", &status.dir.display().to_string(), width);
    text += &line("keeper", &format!("process {}", state.keeper.pid), width);
    text += &line("venv", &state.venv.display().to_string(), width);
    text += &line("content", content(status.content), width);
    if let Some(market) = &status.market {
        text += &market_text(market, width);
    }
    text
}

/// A label and what it stands for, on one line or more.
fn line(label: &str, value: &str, width: usize) -> String {
    fill(&format!("{label:<12}"), "            ", value, width)
}

fn content(mode: Option<ContentMode>) -> &'static str {
    match mode {
        Some(ContentMode::Mirror) => "mirror: downloads come from inside this program",
        Some(ContentMode::Live) => "live: downloads come from the Internet",
        Some(ContentMode::Auto) | None => "not known",
    }
}

fn market_text(market: &control::Status, width: usize) -> String {
    let busy: Vec<&str> =
        market.providers.iter().filter(|provider| provider.busy).map(|provider| &*provider.name).collect();
    let names = if busy.is_empty() { String::new() } else { format!(": {}", busy.join(", ")) };
    let mut text =
        line("providers", &format!("{}, {} busy{names}", market.providers.len(), busy.len()), width);
    let idle = market.market_idle_for_ms / 1000;
    text += &line("market", &format!("{}; quiet for {idle} s", counters(market.market)), width);
    text += &line("demands", &market.demands.len().to_string(), width);
    for demand in &market.demands {
        text += &entry(
            &format!("{} subnet {}: {}", short(&demand.id), demand.subnet, counters(demand.market)),
            width,
        );
    }
    text += &line("agreements", &market.agreements.len().to_string(), width);
    for agreement in &market.agreements {
        text +=
            &entry(&format!("{} {}, {}", short(&agreement.id), agreement.provider, agreement.state), width);
    }
    let alive = market.activities.iter().filter(|activity| activity.alive).count();
    text += &line("nodes", &format!("{}, {alive} alive", market.activities.len()), width);
    for activity in &market.activities {
        let address = match (activity.vpn_ip, &activity.vpn) {
            (Some(address), Some(vpn)) => format!("{address} in VPN {}", short(vpn)),
            _ => "no address yet".to_owned(),
        };
        let life = if activity.alive { "alive" } else { "ended" };
        let mut node = String::new();
        let _ = write!(
            node,
            "{} {address}, {}, {life}, on {}",
            short(&activity.id),
            activity.state,
            activity.provider
        );
        text += &entry(&node, width);
    }
    if !market.unknown_routes.is_empty() {
        text += &line("gaps", "requests that the emulated yagna does not know; please report them", width);
        for route in &market.unknown_routes {
            text += &entry(route, width);
        }
        if market.more_unknown_routes > 0 {
            text += &entry(&format!("and {} more requests", market.more_unknown_routes), width);
        }
    }
    text
}

fn entry(value: &str, width: usize) -> String {
    fill("  ", "    ", value, width)
}

/// Enough of an id to tell one from another.
fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

fn counters(market: MarketCounters) -> String {
    let MarketCounters { initial_proposals, counter_proposals, accepted, rejected, unanswered } = market;
    format!(
        "{initial_proposals} offers match, {counter_proposals} were asked: {accepted} accepted, {rejected} rejected, \
         {unanswered} silent"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::localnet::control::{ActivityStatus, AgreementStatus, DemandStatus, ProviderStatus};
    use crate::localnet::{ProcessRef, State};

    fn market() -> control::Status {
        let counters = MarketCounters {
            initial_proposals: 21,
            counter_proposals: 9,
            accepted: 3,
            rejected: 5,
            unanswered: 1,
        };
        let provider = |name: &str, busy| ProviderStatus {
            name: name.into(),
            id: "0x84".into(),
            subnet: "public".into(),
            busy,
        };
        control::Status {
            simulated: true,
            providers: vec![provider("brisk-otter", true), provider("calm-heron", false)],
            demands: vec![DemandStatus {
                rejections: Default::default(),
                id: "0123456789".into(),
                subnet: "public".into(),
                market: counters,
            }],
            agreements: vec![AgreementStatus {
                id: "abcdef0123".into(),
                provider: "brisk-otter".into(),
                state: "Approved".into(),
            }],
            activities: vec![ActivityStatus {
                id: "fedcba9876".into(),
                provider: "brisk-otter".into(),
                state: "Ready".into(),
                vpn: Some("799d4e9c0ae9".into()),
                vpn_ip: Some([192, 168, 0, 3].into()),
                alive: true,
            }],
            market: counters,
            market_idle_for_ms: 4_200,
            unknown_routes: vec!["GET /nothing".into()],
            more_unknown_routes: 7,
        }
    }

    fn status(market: Option<control::Status>) -> Status {
        let process = ProcessRef { pid: 17, started: 1 };
        let state = State {
            version: "0".into(),
            keeper: process,
            stage: process,
            init: process,
            venv: "/p/venv".into(),
        };
        let running = market.is_some();
        Status {
            network: "simulated",
            dir: "/p/.golem-outbound/localnet".into(),
            ending: false,
            state: running.then_some(state),
            content: running.then_some(ContentMode::Mirror),
            market,
        }
    }

    #[test]
    fn everything_that_is_known_is_shown() {
        insta::assert_snapshot!(text(&status(Some(market())), 100), @r"
        localnet    up (simulated)
        directory   /p/.golem-outbound/localnet
        keeper      process 17
        venv        /p/venv
        content     mirror: downloads come from inside this program
        providers   2, 1 busy: brisk-otter
        market      21 offers match, 9 were asked: 3 accepted, 5 rejected, 1 silent; quiet for 4 s
        demands     1
          01234567 subnet public: 21 offers match, 9 were asked: 3 accepted, 5 rejected, 1 silent
        agreements  1
          abcdef01 brisk-otter, Approved
        nodes       1, 1 alive
          fedcba98 192.168.0.3 in VPN 799d4e9c, Ready, alive, on brisk-otter
        gaps        requests that the emulated yagna does not know; please report them
          GET /nothing
          and 7 more requests
        ");
    }

    #[test]
    fn an_end_that_is_under_way_is_told() {
        let ending = Status { ending: true, ..status(None) };
        insta::assert_snapshot!(text(&ending, 100), @r"
        localnet    ending: the kernel takes down what is left of it
        directory   /p/.golem-outbound/localnet
        ");
        assert!(json(&ending).unwrap().contains("\"running\": false"));
    }

    #[test]
    fn it_fits_forty_columns() {
        let text = text(&status(Some(market())), 40);
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
    }

    #[test]
    fn the_json_names_its_format() {
        let value = |status| serde_json::from_str::<serde_json::Value>(&json(&status).unwrap()).unwrap();
        let up = value(status(Some(market())));
        assert_eq!(
            (&up["format"], &up["running"], &up["network"]),
            (&1.into(), &true.into(), &"simulated".into())
        );
        assert_eq!(up["market"]["activities"][0]["vpn_ip"], "192.168.0.3");
        assert_eq!(value(status(None))["running"], false);
    }
}
