//! The same requests to both: `requests.yaml` in its order, on a market with one provider each.
//!
//! The localnet's provider acts by itself. The real one is driven through the provider's side of the API, so that it
//! publishes the same offer, answers with the same terms, and bills.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use golem_outbound::localnet::market::Provider;
use serde_json::{Value, json};

use super::client::{Answer, Request, send};
use super::comparison::compare_answers;
use super::differences::hold_against_the_list;
use super::oracle::{Daemon, program};
use super::{chain, comparison::Difference};
use crate::yagna::localnet::Localnet;

const STEPS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/conformance/requests.yaml");

/// The only provider of the localnet's market.
const PROVIDER: &str = "
- name: brisk-otter
  subnet: public
  cpu_threads: 8
  mem_gib: 16
  storage_gib: 100
  prices: {start: 0, cpu_hour: 0.012, env_hour: 0.02}
  rules: {enabled: true, everyone: whitelist}
";

/// A request, and what the real provider does before and meanwhile.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// `METHOD /path`; `<name>` stands for what was saved under it.
    r#do: String,
    /// Tells it from another one with the same line.
    note: Option<String>,
    /// `none`, `wrong` or `empty` instead of the app-key.
    key: Option<String>,
    body: Option<Value>,
    /// A body that is not JSON.
    raw: Option<String>,
    /// Instead of `application/json`; `none` for no content type.
    r#type: Option<String>,
    /// JSON pointers into the answer.
    #[serde(default)]
    save: BTreeMap<String, String>,
    #[serde(default)]
    before: Vec<Step>,
    #[serde(default)]
    meanwhile: Vec<Step>,
}

/// What was saved, by name.
type Saved = BTreeMap<String, Value>;

/// One of the two, as the requestor or the provider sees it.
#[derive(Clone)]
struct Side {
    api: SocketAddr,
    key: String,
}

impl Step {
    fn name(&self) -> String {
        let note = self.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
        format!("{}{note}", self.r#do)
    }

    fn send(&self, side: &Side, saved: &mut Saved) -> Answer {
        let (method, path) = self.r#do.split_once(' ').expect("METHOD /path");
        let body =
            self.raw.clone().or_else(|| self.body.as_ref().map(|body| filled(body, saved).to_string()));
        let key = match self.key.as_deref() {
            None => Some(side.key.clone()),
            Some("none") => None,
            Some("empty") => Some(String::new()),
            Some(_) => Some("wrong".to_owned()),
        };
        let content_type = match self.r#type.as_deref() {
            None => body.as_ref().map(|_| "application/json".to_owned()),
            Some("none") => None,
            Some(other) => Some(other.to_owned()),
        };
        let path = filled_text(path, saved);
        let answer = send(side.api, &Request { method: method.into(), path, key, content_type, body });
        for (name, pointer) in &self.save {
            let json = answer.json();
            let value = json.as_ref().and_then(|json| json.pointer(pointer));
            let value = value.unwrap_or_else(|| panic!("{}: no `{name}` in {answer:?}", self.name()));
            saved.insert(name.clone(), value.clone());
        }
        answer
    }
}

fn filled(value: &Value, saved: &Saved) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
            Some(name) if saved.contains_key(name) => saved[name].clone(),
            _ => filled_text(text, saved).into(),
        },
        Value::Array(items) => items.iter().map(|item| filled(item, saved)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), filled(value, saved))).collect()
        }
        other => other.clone(),
    }
}

fn filled_text(text: &str, saved: &Saved) -> String {
    let textual = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    saved
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("<{name}>"), &textual(value)))
}

/// Both sides, and the provider of the real one.
struct Both {
    ours: Side,
    real: Side,
    real_provider: Side,
    ours_saved: Saved,
    real_saved: Saved,
    provider_saved: Saved,
}

impl Both {
    fn run(&mut self, step: &Step) -> Vec<Difference> {
        let ours = step.send(&self.ours, &mut self.ours_saved);
        self.provider_learns();
        for action in &step.before {
            self.act(action);
        }
        let (real, meanwhile) = (self.real.clone(), &step.meanwhile);
        let mut saved = self.real_saved.clone();
        let answer = std::thread::scope(|scope| {
            let asking = scope.spawn(|| (step.send(&real, &mut saved), saved));
            for action in meanwhile {
                self.act(action);
            }
            asking.join()
        });
        let (answer, saved) = answer.unwrap_or_else(|cause| std::panic::resume_unwind(cause));
        self.real_saved = saved;
        compare_answers(&step.name(), &answer, &ours)
    }

    fn act(&mut self, action: &Step) {
        let answer = action.send(&self.real_provider, &mut self.provider_saved);
        assert!((200..300).contains(&answer.status), "the real provider's {}: {answer:?}", action.name());
    }

    /// The real provider knows what the localnet's one says, in the names of the real identities.
    fn provider_learns(&mut self) {
        let identities = ["me", "provider"].map(|name| {
            let text = |saved: &Saved| saved.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            (text(&self.ours_saved), text(&self.real_saved))
        });
        for (name, value) in &self.ours_saved {
            let mut text = value.to_string();
            for (ours, real) in identities.iter().filter(|(ours, _)| !ours.is_empty()) {
                text = text.replace(ours, real);
            }
            let value = serde_json::from_str(&text).expect("still JSON");
            self.provider_saved.insert(format!("ours.{name}"), value);
        }
    }
}

fn identity(side: &Side) -> Value {
    let step: Step = serde_yaml::from_str("{do: GET /me, save: {me: /identity}}").unwrap();
    let mut saved = Saved::new();
    step.send(side, &mut saved);
    saved["me"].clone()
}

/// Milliseconds since the epoch, an hour from now.
fn in_an_hour() -> Value {
    let hour = std::time::Duration::from_secs(3600);
    let then = (std::time::SystemTime::now() + hour).duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(then.as_millis()).unwrap().into()
}

/// Now, a second ago, as the activity API wants it.
fn now() -> Value {
    let now = time::OffsetDateTime::now_utc() - time::Duration::seconds(1);
    now.format(&time::format_description::well_known::Rfc3339).unwrap().into()
}

#[test]
fn every_request_is_answered_as_by_the_real_yagna() {
    let chain = chain::serve();
    let requestor = Daemon::start(&program(), chain, None);
    let provider = Daemon::start(&program(), chain, Some(requestor.bus));
    assert!(requestor.command(&["payment", "init"].map(str::to_owned)).status.success());
    let receiver = ["payment", "init", "--receiver"].map(str::to_owned);
    assert!(provider.command(&receiver).status.success());
    let real = Side { api: requestor.api, key: requestor.app_key("ray-on-golem", None) };
    let real_provider = Side { api: provider.api, key: provider.app_key("provider", None) };

    let localnet = Localnet::start_with(Provider::list(PROVIDER, "the test").unwrap());
    let key = localnet.app_key();
    let service = localnet.service_run();
    let ours = Side { api: service.api.address(), key };

    let common = [("hour".to_owned(), in_an_hour()), ("now".to_owned(), now())];
    let of = |me: &Side, provider: Value| {
        let mut saved: Saved = common.iter().cloned().collect();
        saved.extend([("me".to_owned(), identity(me)), ("provider".to_owned(), provider)]);
        saved
    };
    let our_provider = json!(localnet.yagna.status().providers[0].id);
    let real_identity = identity(&real_provider);
    let mut both = Both {
        ours_saved: of(&ours, our_provider),
        real_saved: of(&real, real_identity.clone()),
        provider_saved: of(&real_provider, real_identity),
        ours,
        real,
        real_provider,
    };
    let steps = std::fs::read_to_string(STEPS).unwrap();
    let steps: Vec<Step> = serde_yaml::from_str(&steps).unwrap();
    let mut names = std::collections::BTreeSet::new();
    let found: Vec<Difference> = steps
        .iter()
        .flat_map(|step| {
            assert!(names.insert(step.name()), "`{}` is there twice: give it a note", step.name());
            both.run(step)
        })
        .collect();
    hold_against_the_list("requests", &found);
    assert!(names.len() >= 150, "{} requests", names.len());
}
