//! Offers and demands for both markets: those of `corpus.yaml`, and as many generated from a seed.

use serde_json::{Map, Value, json};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/conformance/corpus.yaml");

/// The same pairs in every run; another seed gives others.
const SEED: u64 = 20_261_128;
const GENERATED_OFFERS: usize = 8;
const GENERATED_DEMANDS: usize = 120;

/// An offer.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Offer {
    pub properties: Value,
    pub constraints: String,
}

/// A demand.
#[derive(Clone, Debug)]
pub struct Demand {
    pub properties: Value,
    pub constraints: String,
}

#[derive(serde::Deserialize)]
struct File {
    offers: Vec<Offer>,
    demands: Vec<Value>,
    constraints: Vec<String>,
}

/// What filters ask of: the names of offers here, of demands with `d` before them.
const NAMES: [&str; 8] = ["s", "n", "f", "b", "l", "v", "d", "t"];
const KINDS: [&str; 7] = ["", "", "", "", "$v", "$d", "$t"];
const OPERATORS: [&str; 6] = ["=", "=", "<", "<=", ">", ">="];
const VALUES: [&str; 22] = [
    "*",
    "vm",
    "v*",
    "",
    "5",
    "5.0",
    "-3",
    "2.5",
    "1e30",
    "true",
    "false",
    "a",
    "[a,b]",
    "[b, a]",
    "[]",
    "0.12.0",
    "1.0.0",
    "1.10",
    "1.1",
    "2026-01-01T00:00:00Z",
    " 5",
    "x",
];
const SPACES: [&str; 6] = ["", "", "", " ", "\n", "\n\t"];

/// A small generator of numbers (xorshift), so that a seed gives the same in every release of every library.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).expect("below the bound")
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let index = self.below(items.len());
        &items[index]
    }

    fn property(&mut self) -> Value {
        let values = [
            json!("vm"),
            json!("VM"),
            json!("a"),
            json!("5"),
            json!(5),
            json!(-3),
            json!(2.5),
            json!(1e30),
            json!(true),
            json!(false),
            json!(["a", "b"]),
            json!(["b"]),
            json!([]),
            json!("0.12.0"),
            json!("0.4.2"),
            json!("1.10"),
            json!("2026-01-01T00:00:00Z"),
            json!("2026-01-01T02:00:00+02:00"),
            json!(null),
            json!(""),
        ];
        self.of(&values).clone()
    }

    fn properties(&mut self, prefix: &str) -> Value {
        let mut properties = Map::new();
        for name in NAMES {
            if self.below(4) > 0 {
                properties.insert(format!("{prefix}{name}"), self.property());
            }
        }
        Value::Object(properties)
    }

    fn constraint(&mut self, prefix: &str, depth: usize) -> String {
        let space = *self.of(&SPACES);
        if depth == 0 || self.below(3) == 0 {
            let (name, kind) = (*self.of(&NAMES), *self.of(&KINDS));
            let name = if self.below(8) == 0 { "absent" } else { name };
            let (operator, value) = (*self.of(&OPERATORS), *self.of(&VALUES));
            return format!("({prefix}{name}{kind}{operator}{value}){space}");
        }
        let (symbol, count) = match self.below(3) {
            0 => ("!", 1),
            1 => ("&", self.below(4)),
            _ => ("|", self.below(4)),
        };
        let inner: Vec<String> = (0..count).map(|_| self.constraint(prefix, depth - 1)).collect();
        let mut text = format!("({space}{symbol}{space}{}{space})", inner.concat());
        // Now and then something is lost.
        if self.below(25) == 0 {
            text.remove(self.below(text.len()));
        }
        text
    }
}

/// Everything.
pub fn corpus() -> (Vec<Offer>, Vec<Demand>) {
    let text = std::fs::read_to_string(FILE).expect("the corpus can be read");
    let File { mut offers, demands: properties, constraints } =
        serde_yaml::from_str(&text).expect("the corpus is YAML of its form");
    let mut numbers = Numbers(SEED);
    for _ in 0..GENERATED_OFFERS {
        let properties = numbers.properties("");
        offers.push(Offer { properties, constraints: numbers.constraint("d", 2) });
    }
    let turns = |index: usize| properties[index % properties.len()].clone();
    // A text of the corpus comes with the properties that fit most offers.
    let told = constraints.into_iter().map(|constraints| Demand { properties: turns(0), constraints });
    let mut demands: Vec<Demand> = told.collect();
    for index in 0..GENERATED_DEMANDS {
        let properties = if index % 2 == 0 { numbers.properties("d") } else { turns(index / 2) };
        demands.push(Demand { properties, constraints: numbers.constraint("", 3) });
    }
    (offers, demands)
}

#[test]
fn a_seed_gives_the_same_offers_and_demands() {
    let shown = || format!("{:?}", corpus());
    assert_eq!(shown(), shown());
    let (offers, demands) = corpus();
    assert!(offers.len() * demands.len() > 5000, "{} offers, {} demands", offers.len(), demands.len());
}
