//! `golem-outbound check` from outside: what it prints, what it changes, and what it leaves alone.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/docs-outbound");
const LINK: &str = "https://www.dropbox.com/scl/fi/a1/data.csv?rlkey=k&dl=0";
const DIRECT: &str = "https://dl.dropboxusercontent.com/scl/fi/a1/data.csv?rlkey=k";

/// The example's cluster file and these Python files.
fn project(scripts: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["golem-cluster.yaml", "golem-outbound.yaml"] {
        fs::copy(Path::new(EXAMPLE).join(name), folder.path().join(name)).unwrap();
    }
    let cluster = folder.path().join("golem-cluster.yaml");
    let text = fs::read_to_string(&cluster).unwrap().replace(
        "          - \"https://ipfs.io\"\n",
        "          - \"https://ipfs.io\"\n          - \"https://dl.dropboxusercontent.com\"\n",
    );
    // On a network that works there is nothing to say about the cluster file.
    fs::write(cluster, text.replace("payment_network: \"holesky\"", "payment_network: \"polygon\"")).unwrap();
    for (name, text) in scripts {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn check(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_golem-outbound"))
        .arg("check")
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn parsed(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn the_example_is_clean() {
    let output = check(Path::new(EXAMPLE), &["--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report = parsed(&output);
    assert_eq!(report["errors"], 0);
    let script =
        report["findings"].as_array().unwrap().iter().filter(|found| found["file"] != "golem-cluster.yaml");
    assert_eq!(script.count(), 0, "{report:#}");
}

#[test]
fn findings_are_shown_at_their_places_with_a_count() {
    let script = format!(
        "import ray, numpy\n\nURLS = [\"https://example.org/a\", \"{LINK}\"]\n\tX = 'http://ipfs.io/x'\n"
    );
    let folder = project(&[("work.py", &script), ("notes.py", "'''See https://example.org.'''\n")]);
    let output = check(folder.path(), &[]);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(1), ""));
    insta::assert_snapshot!(stdout(&output), @r#"
    warning[module-not-on-nodes]: neither the nodes' image nor a command in the
      cluster file brings `numpy`
      --> work.py:1:13
      |
    1 | import ray, numpy
      |             ^^^^^
    help: add `pip install numpy` to `initialization_commands`, and
      `"https://pypi.dev.golem.network"` to `outbound_urls`

    error[script-url-not-declared]: the script asks `https://example.org`, which
      `outbound_urls` does not declare
      --> work.py:3:10
      |
    3 | URLS = ["https://example.org/a", "https://www.dropbox.com/scl/fi/a1/data.cs…
      |          ^^^^^^^^^^^^^^^^^^^
    help: no default whitelist has `example.org`: ask
      `golem-outbound explain https://example.org` what to do

    error[script-url-redirects]: `www.dropbox.com` is not where a node can get this
      --> work.py:3:35
      |
    3 | URLS = ["https://example.org/a", "https://www.dropbox.com/scl/fi/a1/data.cs…
      |                                   ^^^^^^^^^^^^^^^^^^^^^^^
    help: use `https://dl.dropboxusercontent.com/scl/fi/a1/data.csv?rlkey=k`:
      Dropbox answers share links with a redirect to a host outside the whitelist,
      while `dl.dropboxusercontent.com` is on it and serves the file itself
    fix: write `https://dl.dropboxusercontent.com` instead of `www.dropbox.com`

    error[script-port-not-declared]: the script asks `http://ipfs.io`, but
      `outbound_urls` declares `https://ipfs.io`, which is another port
      --> work.py:4:7
      |
    4 |     X = 'http://ipfs.io/x'
      |          ^^^^^^^^^^^^^^
    help: ask `https://ipfs.io` instead, or add `"http://ipfs.io"` to
      `outbound_urls`

    Providers with the default whitelist of 2025-10-27 (ya-installer-resources
    d018134):
      accept https://ipfs.io (strict `ipfs.io`)
      accept https://dl.dropboxusercontent.com (strict `dl.dropboxusercontent.com`)

    golem-cluster.yaml, notes.py, work.py: 3 errors, 1 warning
    `golem-outbound check --fix` can mend 1 of 4
    `golem-outbound check --explain script-url-not-declared` says more about a
      finding
    "#);
}

/// A walk's report has the findings of its step from what the command printed for people.
#[test]
fn a_walk_reads_back_what_was_printed() {
    use golem_outbound::tutorial::{parse_findings, parse_verdicts};
    let script =
        format!("import ray, endplay\nX = [\"{LINK}\", 'http://ipfs.io/x', 'https://example.org']\n");
    let folder = project(&[("work.py", &script)]);
    let printed = stdout(&check(folder.path(), &[]));
    let report = parsed(&check(folder.path(), &["--format", "json"]));
    let found = serde_json::to_value(parse_findings(&printed)).unwrap();
    let mut expected = report["findings"].clone();
    for finding in expected.as_array_mut().unwrap() {
        let finding = finding.as_object_mut().unwrap();
        finding.remove("fix");
        finding.remove("length");
    }
    assert_eq!(found, expected);
    assert_eq!(found.as_array().unwrap().len(), 4);
    let verdicts = parse_verdicts(&printed);
    assert_eq!(verdicts.len(), report["outbound_urls"].as_array().unwrap().len());

    let explained = Command::new(env!("CARGO_BIN_EXE_golem-outbound"))
        .args(["explain", "https://ipfs.io/x", "https://example.org"])
        .output()
        .unwrap();
    let verdicts: Vec<(String, bool)> = parse_verdicts(&stdout(&explained))
        .into_iter()
        .map(|verdict| (verdict.url, verdict.accepted))
        .collect();
    assert_eq!(verdicts, [("https://ipfs.io/x".to_owned(), true), ("https://example.org".to_owned(), false)]);
}

#[test]
fn a_fix_changes_the_link_and_nothing_else() {
    let before = format!(
        "# caf\u{e9}: {LINK}\r\nimport ray\r\nA = [ '{LINK}'  ,\r\n\t\"{LINK}#sha256=00\" ]# end\r\nB = f\"{LINK}\"  \r\nC = 1"
    );
    for bom in ["", "\u{feff}"] {
        let folder = project(&[("work.py", &format!("{bom}{before}"))]);
        let target = folder.path().join("real.txt");
        let script = folder.path().join("work.py");
        fs::rename(&script, &target).unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o750)).unwrap();
        std::os::unix::fs::symlink("real.txt", &script).unwrap();

        let output = check(folder.path(), &["--fix"]);
        let expected = before
            .replace(&format!("'{LINK}'"), &format!("'{DIRECT}'"))
            .replace(&format!("\"{LINK}#"), &format!("\"{DIRECT}#"));
        assert_eq!(fs::read_to_string(&target).unwrap(), format!("{bom}{expected}"));
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o750);
        assert!(fs::symlink_metadata(&script).unwrap().is_symlink());
        assert_eq!(
            stderr(&output),
            "fixed work.py: write `https://dl.dropboxusercontent.com` instead of `www.dropbox.com` (script-url-redirects)\n"
        );
        // The f-string is left to people, so one finding stays.
        assert_eq!(output.status.code(), Some(1));
        assert!(stdout(&output).contains("work.py:5:7"), "{}", stdout(&output));

        let again = check(folder.path(), &["--fix"]);
        assert_eq!(stderr(&again), "nothing to fix\n");
        assert_eq!(fs::read_to_string(&target).unwrap(), format!("{bom}{expected}"));
        let files = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files, 4, "nothing is left behind");
    }
}

#[test]
fn a_dry_run_shows_the_diff_and_writes_nothing() {
    let script = format!("import ray\nA = '{LINK}'");
    let folder = project(&[("work.py", &script)]);
    let output = check(folder.path(), &["--fix", "--diff"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    insta::assert_snapshot!(stdout(&output), @r"
    --- a/work.py
    +++ b/work.py
    @@ -1,2 +1,2 @@
     import ray
    -A = 'https://www.dropbox.com/scl/fi/a1/data.csv?rlkey=k&dl=0'
    \ No newline at end of file
    +A = 'https://dl.dropboxusercontent.com/scl/fi/a1/data.csv?rlkey=k'
    \ No newline at end of file
    ");
    assert!(stderr(&output).starts_with("would fix work.py: "), "{}", stderr(&output));
    assert_eq!(fs::read_to_string(folder.path().join("work.py")).unwrap(), script);
}

#[test]
fn json_has_what_an_editor_needs() {
    let folder = project(&[("work.py", &format!("import ray\r\nÄ = '{LINK}'\r\n"))]);
    let output = check(folder.path(), &["--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let report = parsed(&output);
    assert_eq!((&report["format"], &report["errors"], &report["fixable"]), (&json!(1), &json!(1), &json!(1)));
    let found = &report["findings"][0];
    assert_eq!(found["code"], "script-url-redirects");
    assert_eq!((&found["file"], &found["severity"]), (&json!("work.py"), &json!("error")));
    assert_eq!((&found["line"], &found["column"], &found["length"]), (&json!(2), &json!(6), &json!(23)));
    assert_eq!(
        found["fix"]["edits"],
        json!([{ "start": {"line": 2, "column": 6}, "end": {"line": 2, "column": 6 + LINK.len()}, "text": DIRECT }])
    );
    let fixed = parsed(&check(folder.path(), &["--format", "json", "--fix"]));
    assert_eq!((&fixed["errors"], &fixed["fixed"][0]["code"]), (&json!(0), &json!("script-url-redirects")));
}

/// The properties that the standard requires, by hand: its schema is not at hand where these tests run.
#[test]
fn sarif_has_the_form_of_the_standard() {
    let folder =
        project(&[("a file.py", &format!("import ray\nA = '{LINK}'\nB = 'https://example.org/x'\n"))]);
    let output = check(folder.path(), &["--format", "sarif"]);
    assert_eq!(output.status.code(), Some(1));
    let log = parsed(&output);
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().ends_with("sarif-2.1.0.json"));
    let [run] = &log["runs"].as_array().unwrap()[..] else { panic!("one run") };
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "golem-outbound");
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        assert!(rule["id"].is_string() && !rule["shortDescription"]["text"].as_str().unwrap().is_empty());
        assert!(!rule["help"]["text"].as_str().unwrap().is_empty());
        let uri = rule.get("helpUri").map(|uri| url::Url::parse(uri.as_str().unwrap()));
        assert!(uri.is_none_or(|uri| uri.is_ok()), "helpUri is absolute where it is given");
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(rule["properties"]["page"].as_str().unwrap());
        assert!(page.is_file(), "{}", page.display());
    }
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for result in results {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20file.py");
        let region = &place["region"];
        let number = |key: &str| region[key].as_u64().unwrap();
        assert!(
            number("startLine") >= 1
                && number("startColumn") >= 1
                && number("endColumn") > number("startColumn")
        );
    }
    let change = &results[0]["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "a%20file.py");
    let replacement = &change["replacements"][0];
    assert_eq!(replacement["insertedContent"]["text"], DIRECT);
    assert_eq!(
        replacement["deletedRegion"],
        json!({ "startLine": 2, "startColumn": 6, "endLine": 2, "endColumn": 6 + LINK.len() })
    );
}

#[test]
fn the_manifest_can_be_shown_as_it_travels() {
    let image = ["--image-url", "http://registry.example/i.gvmi", "--image-hash", "ab12"];
    let base64 = check(Path::new(EXAMPLE), &[&["--show", "manifest-base64"], &image[..]].concat());
    let read = golem_outbound::outbound::manifest::Manifest::decode(&stdout(&base64)).unwrap();
    let json = check(Path::new(EXAMPLE), &[&["--show", "manifest"], &image[..]].concat());
    assert_eq!(serde_json::to_value(&read).unwrap(), parsed(&json));
    assert_eq!(read.payload[0].hash, "sha3:ab12");
    let placeholder = check(Path::new(EXAMPLE), &["--show", "manifest-base64"]);
    let read = golem_outbound::outbound::manifest::Manifest::decode(&stdout(&placeholder)).unwrap();
    assert!(read.payload[0].urls[0].starts_with("https://registry.invalid/golem/ray-on-golem:"));
}

#[test]
fn a_page_is_printed_for_a_code() {
    let output = check(Path::new("/"), &["--explain", "script-url-redirects"]);
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/findings/script-url-redirects.md");
    assert_eq!(stdout(&output), fs::read_to_string(page).unwrap());
    assert_eq!(check(Path::new("/"), &["--explain", "nothing"]).status.code(), Some(2));
}

/// The project's environment says which image fits, the localnet's market which prices and sizes there are.
#[test]
fn the_cluster_file_is_compared_with_what_is_around_it() {
    let folder = project(&[]);
    let cluster = folder.path().join("golem-cluster.yaml");
    let text = fs::read_to_string(&cluster).unwrap();
    let codes = || -> Vec<String> {
        let report = parsed(&check(folder.path(), &["--format", "json"]));
        let findings = report["findings"].as_array().unwrap();
        findings.iter().map(|found| format!("{} {}", found["code"], found["message"])).collect()
    };
    assert_eq!(codes(), Vec::<String>::new());

    let site = folder.path().join("venv/lib/python3.11/site-packages");
    for name in ["ray_on_golem-0.12.1.dist-info", "ray-2.9.3.dist-info"] {
        fs::create_dir_all(site.join(name)).unwrap();
    }
    fs::write(folder.path().join("venv/pyvenv.cfg"), "version = 3.11.2\n").unwrap();
    insta::assert_snapshot!(codes().join("\n"), @r#""image-of-other-version" "`0.13.0-py3.10.13-ray2.9.3` is made for ray-on-golem 0.13.0, but 0.12.1 is installed here""#);
    fs::write(&cluster, text.replace("0.13.0-py", "0.12.1-py")).unwrap();
    assert_eq!(codes(), Vec::<String>::new());
    fs::remove_dir_all(folder.path().join("venv")).unwrap();
    insta::assert_snapshot!(codes().join("\n"), @r#""image-of-other-version" "`0.12.1-py3.10.13-ray2.9.3` is made for ray-on-golem 0.12.1, but 0.13.0 is what goes with this program""#);

    let set = |from: &str, to: &str| {
        let changed = text.replace(from, to);
        assert_ne!(changed, text, "{from}");
        fs::write(&cluster, changed).unwrap();
    };
    set("max_env_per_hour_price: 0.5", "max_env_per_hour_price: 0.001");
    insta::assert_snapshot!(codes().join("\n"), @r#""price-below-market" "no provider of the localnet gives an hour of a node for so little: the cheapest asks 0.02 GLM""#);
    set("max_start_price: 0.5", "max_start_price: 0");
    assert_eq!(codes(), Vec::<String>::new(), "some ask nothing for the start");
    set("file_mounts: {}", "file_mounts: {\"/root/data\": \"./data\"}");
    insta::assert_snapshot!(codes().join("\n"), @r#""local-file-missing" "`./data` is not there: `ray up` breaks when the head node is already rented""#);
    fs::create_dir(folder.path().join("data")).unwrap();
    assert_eq!(codes(), Vec::<String>::new());
}

#[test]
fn nothing_is_compared_with_a_cluster_file_that_cannot_be_read() {
    let folder = project(&[("work.py", &format!("A = '{LINK}'\n"))]);
    let broken = folder.path().join("golem-cluster.yaml");
    fs::write(&broken, "cluster_name: [\n").unwrap();
    let output = check(folder.path(), &["--fix"]);
    assert_eq!(output.status.code(), Some(1), "a broken cluster file is a finding");
    assert_eq!(fs::read_to_string(folder.path().join("work.py")).unwrap(), format!("A = '{LINK}'\n"));
}
